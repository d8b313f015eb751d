import type { JsonValue } from "@headwater/protocol";
import { appendChange } from "../log/append-change.ts";
import type { Store, Transaction } from "../store/store.ts";
import { changeOf, type EventKind, isFinal, type LoggedEvent } from "./task-event.ts";

/** Milliseconds between two writes. Events that arrive in between are written together. */
const WRITE_INTERVAL_MS = 10;
/** Milliseconds before a failed write is retried. */
const RETRY_MS = 1_000;

/** One transaction writes at most so many characters, so that other writers don't wait long, and the row stays small. */
const MAX_WRITE_SIZE = 2 << 20;
/** A text that has this many characters is complete: the next piece becomes its own event. */
const MAX_TEXT_SIZE = 64 << 10;

type RowUpdate = (tx: Transaction) => Promise<unknown>;

/** An event that waits for the next write. */
interface PendingEvent {
  readonly event: LoggedEvent;
  /** In characters of JSON, about. */
  readonly size: number;
  /** Changes the task's row in the same transaction. */
  readonly update: RowUpdate | undefined;
}

/** In place of an event number: the task's last event is written or about to be. */
const ENDED = -1;

/**
 * Writes task events to the log: all events since the last write in one transaction and one change. The first event
 * after a pause is written at once.
 */
export class TaskEventWriter {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  /** The number of the latest event of each open task. */
  readonly #numbers = new Map<string, number>();
  #events: PendingEvent[] = [];
  /** By task, the index in `#events` of its latest event, if that is text: more text is appended to it. */
  readonly #openTexts = new Map<string, number>();
  #isWriting = false;
  #isClosed = false;
  /** Resolves when the events since the start of the last write are written. */
  #pending = Promise.withResolvers<void>();
  /** Resolves when the write in progress is done. */
  #writing: Promise<void> = Promise.resolve();

  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Accepts events of a task. @param last the number of its latest event so far */
  open(task: string, last: number): void {
    if (!this.#numbers.has(task)) this.#numbers.set(task, last);
  }

  /** Appends an event. Ignored for a task that is not open: it has ended. */
  append(task: string, kind: EventKind, value: JsonValue, update?: RowUpdate): void {
    const last = this.#numbers.get(task);
    if (last === undefined || last === ENDED || this.#isClosed) return;
    if (kind === "text" && this.#extendText(task, value as string)) return;
    if (kind === "text") this.#openTexts.set(task, this.#events.length);
    else this.#openTexts.delete(task);
    const size = kind === "text" ? (value as string).length : JSON.stringify(value).length;
    this.#events.push({ event: [task, last + 1, kind, value], size, update });
    this.#numbers.set(task, last + 1);
    if (!this.#isWriting) void this.#write();
  }

  /**
   * Appends an event that changes the task's state, and updates the task's row in the same transaction. A final event
   * closes the task.
   *
   * @param update called with the event's number; its values must never make it fail, since a failed write is retried
   * @returns when both are committed; `false` if the task had already ended
   */
  async appendTransition(
    task: string,
    kind: EventKind,
    value: JsonValue,
    update: (tx: Transaction, number: number) => Promise<unknown>,
  ): Promise<boolean> {
    const last = this.#numbers.get(task);
    if (last === undefined || last === ENDED || this.#isClosed) return false;
    this.append(task, kind, value, (tx) => update(tx, last + 1));
    if (!isFinal(kind)) await this.flushed();
    else {
      this.#numbers.set(task, ENDED);
      await this.flushed();
      // A caller that read the task just before it ended must not open it again.
      setImmediate(() => this.#numbers.delete(task));
    }
    return true;
  }

  /** Accepts no more events, and writes those it has. Gives up if that write fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flushed();
  }

  /** Resolves when all events so far are committed. */
  flushed(): Promise<void> {
    return this.#events.length > 0 ? this.#pending.promise : this.#writing;
  }

  /** Appends to the text that the task wrote last, if no other event and no write came in between. */
  #extendText(task: string, piece: string): boolean {
    const at = this.#openTexts.get(task);
    if (at === undefined || this.#events[at]!.size >= MAX_TEXT_SIZE) return false;
    const { event, size, update } = this.#events[at]!;
    const [, number, kind, text] = event;
    this.#events[at] = { event: [task, number, kind, `${text as string}${piece}`], size: size + piece.length, update };
    return true;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // Events of the same turn of the event loop are written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#events.length > 0) {
      const [events, written] = [this.#events, this.#pending];
      this.#events = [];
      this.#pending = Promise.withResolvers();
      this.#writing = written.promise;
      this.#openTexts.clear();
      const startedAt = performance.now();
      for (const part of partsOf(events)) await this.#commit(part);
      written.resolve();
      await Bun.sleep(Math.max(0, WRITE_INTERVAL_MS - (performance.now() - startedAt)));
    }
    this.#isWriting = false;
  }

  /** Retries until it succeeds: a full disk may have room later, and no event may be lost before later ones. */
  async #commit(events: readonly PendingEvent[]): Promise<void> {
    const change = changeOf(events.map(({ event }) => event));
    for (;;) {
      try {
        await this.#store.write(async (tx) => {
          await appendChange(tx, change);
          for (const { update } of events) await update?.(tx);
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

/** Splits events into groups of a size that one transaction writes. An event that is larger is alone in its group. */
function* partsOf(events: readonly PendingEvent[]): Generator<readonly PendingEvent[]> {
  for (let from = 0, to = 0; from < events.length; from = to) {
    let size = 0;
    do size += events[to++]!.size;
    while (to < events.length && size + events[to]!.size <= MAX_WRITE_SIZE);
    yield events.slice(from, to);
  }
}
