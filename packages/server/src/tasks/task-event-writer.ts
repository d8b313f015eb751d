import type { JsonValue } from "@headwater/protocol";
import { appendChange } from "../log/append-change.ts";
import type { Store, Transaction } from "../store/store.ts";
import { changeOf, type EventKind, isFinal, type LoggedEvent } from "./task-event.ts";

/** From one write to the next, in milliseconds: what is told meanwhile goes together. */
const PACE_MS = 10;
/** Until a write that failed is tried again. */
const RETRY_MS = 1_000;

type RowWork = (tx: Transaction) => Promise<unknown>;

/** In place of a number: the last event is written or about to be. */
const ENDED = -1;

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Writes what tasks tell to the log: all that was told since the last write in one transaction and one change. The
 * first after a pause is written at once.
 */
export class TaskEventWriter {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  /** The number of the newest event of each open task. */
  readonly #numbers = new Map<string, number>();
  #events: LoggedEvent[] = [];
  /** Where in these the newest event of a task is, if it is a text: more of it is put to it. */
  readonly #texts = new Map<string, number>();
  #works: RowWork[] = [];
  #isWriting = false;
  #isClosed = false;
  /** Of what was told since the last write began, and of what that write holds. */
  #written = Promise.withResolvers<void>();
  #underWay: Promise<void> = Promise.resolve();

  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** @param last the number of the newest event that the task has told */
  open(task: string, last: number): void {
    if (!this.#numbers.has(task)) this.#numbers.set(task, last);
  }

  /** Of a task that is not open nothing is written any more: its last event was its last. */
  tell(task: string, kind: EventKind, value: JsonValue): void {
    const last = this.#numbers.get(task);
    if (last === undefined || last === ENDED || this.#isClosed) return;
    const at = this.#texts.get(task);
    if (kind === "text" && at !== undefined) {
      const [, number, , text] = this.#events[at]!;
      this.#events[at] = [task, number, kind, `${text as string}${value as string}`];
      return;
    }
    if (kind === "text") this.#texts.set(task, this.#events.length);
    else this.#texts.delete(task);
    this.#events.push([task, last + 1, kind, value]);
    this.#numbers.set(task, last + 1);
    if (!this.#isWriting) void this.#write();
  }

  /**
   * Writes what happens to a task in the transaction of its event. With its last event the task is closed.
   *
   * @param work with the number of the event; it must fail for no reason that lies in its values
   * @returns when both are durable; `false` for a task that has ended already
   */
  async turn(
    task: string,
    kind: EventKind,
    value: JsonValue,
    work: (tx: Transaction, number: number) => Promise<unknown>,
  ): Promise<boolean> {
    const last = this.#numbers.get(task);
    if (last === undefined || last === ENDED || this.#isClosed) return false;
    this.tell(task, kind, value);
    this.#works.push((tx) => work(tx, last + 1));
    if (!isFinal(kind)) await this.flushed();
    else {
      this.#numbers.set(task, ENDED);
      await this.flushed();
      // Who read just before the end that it is open must not open it again.
      setImmediate(() => this.#numbers.delete(task));
    }
    return true;
  }

  /** Takes nothing more. What was told is written, if it can be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flushed();
  }

  /** Resolves when all that was told by now is durable. */
  flushed(): Promise<void> {
    return this.#events.length > 0 ? this.#written.promise : this.#underWay;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // A turn of the loop: what is told in the same one goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#events.length > 0) {
      const [events, works, written] = [this.#events, this.#works, this.#written];
      this.#events = [];
      this.#works = [];
      this.#written = Promise.withResolvers();
      this.#underWay = written.promise;
      this.#texts.clear();
      const startedAt = performance.now();
      await this.#commit(events, works);
      written.resolve();
      await Bun.sleep(Math.max(0, PACE_MS - (performance.now() - startedAt)));
    }
    this.#isWriting = false;
  }

  /** A disk that is full may have room later: nothing that was told may be missing from what follows it. */
  async #commit(events: readonly LoggedEvent[], works: readonly RowWork[]): Promise<void> {
    for (;;) {
      try {
        await this.#store.write(async (tx) => {
          await appendChange(tx, changeOf(events), NOTHING);
          for (const work of works) await work(tx);
        });
        return;
      } catch (error) {
        this.#onError(error);
        if (this.#isClosed) return;
        await Bun.sleep(RETRY_MS);
      }
    }
  }
}
