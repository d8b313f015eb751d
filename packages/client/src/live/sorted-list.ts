import type { Compare } from "./compare-records.ts";

/** One step of a list. Indexes are those of the list after the step; of a removal, before it. */
export type ListChange<T> =
  | { readonly kind: "insert"; readonly record: T; readonly index: number }
  | { readonly kind: "update"; readonly record: T; readonly index: number; readonly from: number }
  | { readonly kind: "remove"; readonly record: T; readonly index: number };

/** Records in an order, each once. `items` is another array after each step, so that it can be kept and compared. */
export class SortedList<T extends { readonly id: string }> {
  readonly #compare: Compare<T>;
  readonly #byId: Map<string, T>;
  #items: readonly T[];

  constructor(records: Iterable<T>, compare: Compare<T>) {
    this.#compare = compare;
    this.#byId = new Map([...records].map((record) => [record.id, record]));
    this.#items = [...this.#byId.values()].toSorted(compare);
  }

  get items(): readonly T[] {
    return this.#items;
  }

  /** Adds the record, or puts it in the place of what has its id. */
  put(record: T): ListChange<T> {
    const from = this.#take(record.id);
    const index = this.#search(record);
    this.#byId.set(record.id, record);
    this.#items = this.#items.toSpliced(index, 0, record);
    return from < 0 ? { kind: "insert", record, index } : { kind: "update", record, index, from };
  }

  remove(id: string): ListChange<T> | undefined {
    const record = this.#byId.get(id);
    const index = this.#take(id);
    return record && { kind: "remove", record, index };
  }

  #take(id: string): number {
    const record = this.#byId.get(id);
    if (!record) return -1;
    const index = this.#search(record);
    this.#byId.delete(id);
    this.#items = this.#items.toSpliced(index, 1);
    return index;
  }

  /** Where the record is, or would be: the order has no equals. */
  #search(record: T): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#items[middle]!, record) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
