import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { searchedFields } from "../../collections/model/search-index.ts";
import { wordsOf } from "../../store/sqlite/tokenize.ts";
import { columnsOf } from "../model/columns.ts";
import { isWordless, type Phrase, type Search, tokenizerOf } from "./search.ts";

/** The words of one field of a record. */
class FieldWords {
  readonly #words: readonly string[];
  /** Where each word is. */
  readonly #places = new Map<string, number[]>();
  #sorted: readonly string[] | undefined;

  constructor(words: readonly string[]) {
    this.#words = words;
    for (const [place, word] of words.entries()) {
      const places = this.#places.get(word);
      if (places) places.push(place);
      else this.#places.set(word, [place]);
    }
  }

  has({ words, prefix }: Phrase): boolean {
    if (words.length === 1) return prefix ? this.#begins(words[0]!) : this.#places.has(words[0]!);
    const last = words.length - 1;
    return (this.#places.get(words[0]!) ?? []).some((start) =>
      words.every((word, index) => {
        const found = this.#words[start + index];
        return index === last && prefix ? found?.startsWith(word) : found === word;
      }),
    );
  }

  /** Does any word begin like this? In a sorted list, the first that isn't before it does. */
  #begins(prefix: string): boolean {
    this.#sorted ??= [...this.#places.keys()].sort();
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < prefix) low = middle + 1;
      else high = middle;
    }
    return this.#sorted[low]?.startsWith(prefix) ?? false;
  }
}

/** By a record's values, because all listeners look at the same ones. */
const known = new WeakMap<RecordValues, { readonly collection: Collection; readonly fields: readonly FieldWords[] }>();

function fieldsOf(collection: Collection, values: RecordValues): readonly FieldWords[] {
  const found = known.get(values);
  if (found?.collection === collection) return found.fields;
  const texts = searchedFields(collection).map(({ field }) => {
    const column = columnsOf(collection).find(({ name }) => name === field.name);
    return String(column?.write(values[field.name] ?? null) ?? "");
  });
  const fields = wordsOf(tokenizerOf(collection), texts).map((words) => new FieldWords(words));
  known.set(values, { collection, fields });
  return fields;
}

/** Does a search find a record with these values? The same as FTS5 says, from the record's own words. */
export function matchesSearch(collection: Collection, search: Search, values: RecordValues): boolean {
  if (isWordless(search)) return false;
  const fields = fieldsOf(collection, values);
  const isThere = (phrase: Phrase): boolean => search.columns.some((place) => fields[place]?.has(phrase));
  return search.all.every(isThere) && !search.none.some(isThere);
}
