import type { Compare } from "./compare-records.ts";

/** A change of one record in a list. `index` is the position after the change; for a removal, before it. */
export type ListChange<T> =
  | { readonly kind: "insert"; readonly record: T; readonly index: number }
  | { readonly kind: "update"; readonly record: T; readonly index: number; readonly from: number }
  | { readonly kind: "remove"; readonly record: T; readonly index: number };

/** A sorted list of records with unique ids. Each change creates a new `items` array. */
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

  /** Adds the record, or replaces the one with its id. */
  put(record: T): ListChange<T> {
    const from = this.#removeAt(record.id);
    const index = this.#search(record);
    this.#byId.set(record.id, record);
    this.#items = this.#items.toSpliced(index, 0, record);
    return from < 0 ? { kind: "insert", record, index } : { kind: "update", record, index, from };
  }

  remove(id: string): ListChange<T> | undefined {
    const record = this.#byId.get(id);
    const index = this.#removeAt(id);
    return record && { kind: "remove", record, index };
  }

  #removeAt(id: string): number {
    const record = this.#byId.get(id);
    if (!record) return -1;
    const index = this.#search(record);
    this.#byId.delete(id);
    this.#items = this.#items.toSpliced(index, 1);
    return index;
  }

  /** Binary search for the record's position. The order has no equal records. */
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
