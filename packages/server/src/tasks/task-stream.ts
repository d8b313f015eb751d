import type { JsonValue } from "@headwater/protocol";
import type { Commit, TaskHistory } from "./task-history.ts";
import type { EventKind, TaskEvent } from "./task-event.ts";

/** Consecutive events, in the form that listeners send. */
export interface Chunk<Form> {
  readonly events: readonly Form[];
  /** The number of the last event. */
  readonly to: number;
}

/** What a history has gained since it was saved. */
interface Unsaved {
  /** The seq and the time of the first change. */
  readonly seq: number;
  readonly time: number;
  size: number;
}

/**
 * The events of one task, for its listeners. A listener is only a position in the history, so nothing is queued for it.
 */
export class TaskStream {
  readonly id: string;
  readonly history: TaskHistory;
  /** When it was last opened, in milliseconds since 1970. */
  openedAt = 0;
  /** From 0.5 to 1: the share of the maximum delay before this history is saved, so that not all are saved at once. */
  readonly jitter = 0.5 + Math.random() / 2;
  readonly #listeners = new Set<() => void>();
  /** `undefined` if the history is saved. */
  #unsaved: Unsaved | undefined;
  /** The last chunk that was read: most listeners are at the same position. */
  #recent: { readonly from: number; readonly chunk: Chunk<unknown> } | undefined;

  constructor(id: string, history: TaskHistory) {
    this.id = id;
    this.history = history;
  }

  /** Adds an event of a committed change. */
  add(number: number, kind: EventKind, value: JsonValue, { seq, time }: Commit): void {
    if (number <= this.history.last) return;
    const before = this.history.size;
    this.history.add(number, kind, value, { seq, time });
    this.#recent = undefined;
    this.#unsaved ??= { seq, time, size: 0 };
    this.#unsaved.size += Math.max(0, this.history.size - before);
    for (const listener of this.#listeners) listener();
  }

  /**
   * The next events after a number; `undefined` if there are none.
   *
   * @param limit characters after which the chunk ends
   * @param encode converts an event; must be the same for all listeners, which share the result
   */
  nextChunk<Form>(number: number, limit: number, encode: (event: TaskEvent) => Form): Chunk<Form> | undefined {
    if (number >= this.history.last) return undefined;
    if (this.#recent?.from !== number) {
      const events = this.history.after(number, limit);
      const chunk = { events: events.map(encode), to: events.at(-1)!.number };
      this.#recent = { from: number, chunk };
    }
    return this.#recent.chunk as Chunk<Form>;
  }

  /** What only the log has. */
  get unsaved(): Unsaved | undefined {
    return this.#unsaved;
  }

  /** Marks the history as saved up to this event and this seq. */
  markSaved(last: number, seq: number): void {
    const hasMore = this.history.last > last;
    this.#unsaved = hasMore ? { seq: seq + 1, time: Date.now(), size: 0 } : undefined;
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** @param listener called when there are new events. @returns a function that removes it */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
