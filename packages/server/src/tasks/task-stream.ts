import type { JsonValue } from "@headwater/protocol";
import type { TaskHistory } from "./task-history.ts";
import type { EventKind, TaskEvent } from "./task-event.ts";

/** Events that follow each other, in the form that listeners want them in. */
export interface Chunk<Form> {
  readonly events: readonly Form[];
  /** The number of the last of them. */
  readonly to: number;
}

/** The seq of the first change that is not stored, its time, and how much there is. */
interface Unfolded {
  readonly seq: number;
  readonly time: number;
  size: number;
}

/** What one task has told, for those who listen to it. Each of them is a place in it: nothing is queued for anybody. */
export class TaskStream {
  readonly id: string;
  readonly history: TaskHistory;
  /** When somebody last wanted it, in milliseconds since 1970. */
  openedAt = 0;
  /** From a half to 1: how long this one waits, of what tasks may wait until they are stored. */
  readonly patience = 0.5 + Math.random() / 2;
  readonly #listeners = new Set<() => void>();
  /** Since the history was stored. */
  #unfolded: Unfolded | undefined;
  /** The last stretch that somebody asked for: most who listen are at the same place. */
  #recent: { readonly from: number; readonly stretch: Chunk<unknown> } | undefined;

  constructor(id: string, history: TaskHistory) {
    this.id = id;
    this.history = history;
  }

  /** An event of a change that is committed, with the seq and the time of that change. */
  add(
    number: number,
    kind: EventKind,
    value: JsonValue,
    { seq, time }: { readonly seq: number; readonly time: number },
  ) {
    if (number <= this.history.last) return;
    const before = this.history.size;
    this.history.add(number, kind, value, time);
    this.#recent = undefined;
    this.#unfolded ??= { seq, time, size: 0 };
    this.#unfolded.size += Math.max(0, this.history.size - before);
    for (const listener of this.#listeners) listener();
  }

  /**
   * The next events behind a number, `undefined` for none.
   *
   * @param write makes an event what listeners want; the same for all of them, since it is made once
   */
  next<Form>(number: number, limit: number, write: (event: TaskEvent) => Form): Chunk<Form> | undefined {
    if (number >= this.history.last) return undefined;
    if (this.#recent?.from !== number) {
      const events = this.history.after(number, limit);
      const stretch = { events: events.map(write), to: events.at(-1)!.number };
      this.#recent = { from: number, stretch };
    }
    return this.#recent.stretch as Chunk<Form>;
  }

  /** What stands in the log alone. */
  get unfolded(): Unfolded | undefined {
    return this.#unfolded;
  }

  /** Says that the history was stored as it was when this was its last event and all up to this seq was in it. */
  folded(last: number, seq: number): void {
    const more = this.history.last > last;
    this.#unfolded = more ? { seq: seq + 1, time: Date.now(), size: 0 } : undefined;
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** @param listener called when there is more. @returns a function that lets go */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
