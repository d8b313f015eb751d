import { aborted, type HeadwaterError } from "../errors.ts";
import { notify } from "../notify.ts";
import { BoundedQueue } from "../realtime/bounded-queue.ts";
import type { ListOptions } from "../records/list.ts";
import type { Compare } from "./compare-records.ts";
import { type ListChange, SortedList } from "./sorted-list.ts";

export interface LiveOptions<T> extends Pick<
  ListOptions<T>,
  "filter" | "search" | "sort" | "expand" | "fields" | "headers" | "signal"
> {
  /** For `@request.query.*` of the rules. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** The order, if `sort` can't express it: by fields of relations, or by the rules of a language. */
  readonly compare?: Compare<T> | undefined;
}

/** A change of a list: one record, or the whole list after changes were lost. */
export type LiveChange<T> = ListChange<T> | { readonly kind: "reset"; readonly items: readonly T[] };

/** Maximum number of changes queued for a reader. Beyond that, the reader gets the whole list. */
const CAPACITY = 1_024;

/** A list that stays up to date with the server. `items` is immutable; each change creates a new array. */
export class LiveList<T extends { readonly id: string }> implements AsyncIterable<LiveChange<T>> {
  readonly #compare: Compare<T>;
  readonly #readers = new Set<BoundedQueue<LiveChange<T>>>();
  readonly #listeners = new Set<(change: LiveChange<T>) => void>();
  readonly #onClose: () => void;
  #list: SortedList<T>;
  #end: HeadwaterError | "closed" | undefined;

  constructor(compare: Compare<T>, onClose: () => void) {
    this.#compare = compare;
    this.#onClose = onClose;
    this.#list = new SortedList<T>([], compare);
  }

  get items(): readonly T[] {
    return this.#list.items;
  }

  /** The error that ended the list, if the app didn't close it. */
  get error(): HeadwaterError | undefined {
    return this.#end === "closed" ? undefined : this.#end;
  }

  /** Calls the listener after each change. @returns a function that removes the listener */
  onChange(listener: (change: LiveChange<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Yields each change from now on; a slow reader gets the whole list instead. Leaving the loop doesn't close the list.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<LiveChange<T>, void, void> {
    const queue = new BoundedQueue<LiveChange<T>>(CAPACITY);
    this.#readers.add(queue);
    if (this.#end !== undefined) queue.end(this.error);
    try {
      while (await queue.ready(1)) yield* queue.take(1);
    } finally {
      this.#readers.delete(queue);
    }
  }

  /** Stops following the list. Loops over it end. */
  close(): void {
    this.#finish("closed");
  }

  /** For the updater. */
  put(record: T): void {
    this.#emit(this.#list.put(record));
  }

  /** For the updater. */
  remove(id: string): void {
    const step = this.#list.remove(id);
    if (step) this.#emit(step);
  }

  /** For the updater. */
  reset(records: Iterable<T>): void {
    this.#list = new SortedList(records, this.#compare);
    this.#emit({ kind: "reset", items: this.items });
  }

  /** For the updater: ends the list with an error. */
  fail(error: HeadwaterError): void {
    this.#finish(error);
  }

  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  #finish(end: HeadwaterError | "closed"): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const reader of this.#readers) reader.end(this.error);
    this.#onClose();
  }

  #emit(change: LiveChange<T>): void {
    for (const reader of this.#readers) {
      if (reader.push(change)) continue;
      reader.clear();
      reader.push({ kind: "reset", items: this.items });
    }
    notify(this.#listeners, change);
  }
}

/** Closes the list when the signal is aborted. @throws HeadwaterError if it is aborted already */
export function closeWith(list: Pick<LiveList<never>, "close">, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal.reason);
  signal?.addEventListener("abort", () => list.close(), { once: true });
}
