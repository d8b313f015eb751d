import { aborted, type HeadwaterError } from "../errors.ts";
import { BoundedQueue } from "../realtime/bounded-queue.ts";
import type { ListOptions } from "../records/list.ts";
import type { Compare } from "./compare-records.ts";
import { type ListChange, SortedList } from "./sorted-list.ts";

export interface LiveOptions<T> extends Pick<
  ListOptions<T>,
  "filter" | "sort" | "expand" | "fields" | "headers" | "signal"
> {
  /** For `@request.query.*` of the rules. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** The order, where `sort` can't say it: by fields of relations, or in a language's own. */
  readonly compare?: Compare<T> | undefined;
}

/** A change of a list: one step, or all of it anew after something was lost. */
export type LiveChange<T> = ListChange<T> | { readonly kind: "reset"; readonly items: readonly T[] };

/** Steps that may wait for one who reads them; beyond that the reader gets the list anew. */
const CAPACITY = 1_024;

/** A list that is kept as it is on the server. `items` is another array after each change, and never changed itself. */
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

  /** Why it follows no more, if it was not closed by the app. */
  get error(): HeadwaterError | undefined {
    return this.#end === "closed" ? undefined : this.#end;
  }

  /** Called after each change. Gives a function that ends it. */
  onChange(listener: (change: LiveChange<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Each change from now on. One who is too slow gets the whole list instead. Leaving the loop leaves the list as it is. */
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

  /** Ends it, here and on the server; loops over it end. */
  close(): void {
    this.#finish("closed");
  }

  /** For its feed. */
  put(record: T): void {
    this.#emit(this.#list.put(record));
  }

  /** For its feed. */
  remove(id: string): void {
    const step = this.#list.remove(id);
    if (step) this.#emit(step);
  }

  /** For its feed. */
  reset(records: Iterable<T>): void {
    this.#list = new SortedList(records, this.#compare);
    this.#emit({ kind: "reset", items: this.items });
  }

  /** For its feed: it can't be followed any more. */
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
    for (const listener of this.#listeners) listener(change);
  }
}

/** Closes the list with the caller's signal. */
export function closeWith(list: Pick<LiveList<never>, "close">, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal.reason);
  signal?.addEventListener("abort", () => list.close(), { once: true });
}
