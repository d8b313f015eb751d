import { LRUCache } from "lru-cache";
import type { Rule } from "../../collections/model/rule.ts";
import type { Collection } from "../../collections/model/collection.ts";
import { isHiddenFromClients, searchedFields, TOKENIZERS } from "../../collections/model/search-index.ts";
import { wordsOf } from "../../store/sqlite/tokenize.ts";
import { parseSearch } from "./parse-search.ts";

/** A phrase of one word or more, as the tokenizer divides it. */
export interface Phrase {
  /** Not empty. */
  readonly words: readonly string[];
  /** What FTS5 divides into the same words. */
  readonly text: string;
  readonly prefix: boolean;
}

/** What a search looks for, the same for all who see the same fields. */
export interface Search {
  /** Each must be in one of the columns. */
  readonly all: readonly Phrase[];
  /** None may be in any of the columns. */
  readonly none: readonly Phrase[];
  /** Places of the columns of the index that are searched. */
  readonly columns: readonly number[];
}

/** The longest search, in bytes: as long as a filter may be. */
export const MAX_SEARCH_BYTES = 3_500;
const MAX_KEPT = 2_000;
const parsed = new LRUCache<string, Pick<Search, "all" | "none">>({ max: MAX_KEPT });

/**
 * Reads the parameter `search`.
 *
 * @param seesHidden whether hidden fields are searched
 * @returns `undefined` for text without anything but spaces, which every record matches
 */
export function readSearch(collection: Collection, text: string, seesHidden: boolean): Search | undefined {
  if (text.trim() === "") return undefined;
  const tokenizer = tokenizerOf(collection);
  const key = `${tokenizer}\n${text}`;
  let phrases = parsed.get(key);
  if (!phrases) parsed.set(key, (phrases = readPhrases(text, tokenizer)));
  const columns = searchedFields(collection).flatMap(({ field }, place) =>
    seesHidden || !isHiddenFromClients(field, collection) ? [place] : [],
  );
  return { ...phrases, columns };
}

/** A part without a word, such as `&`, is left out. */
function readPhrases(text: string, tokenizer: string): Pick<Search, "all" | "none"> {
  const all: Phrase[] = [];
  const none: Phrase[] = [];
  // FTS5 takes an expression to end at a NUL.
  const terms = parseSearch(text.replaceAll("\0", " "));
  const divided = wordsOf(
    tokenizer,
    terms.map((term) => term.text),
  );
  for (const [index, term] of terms.entries()) {
    const words = divided[index]!;
    if (words.length > 0) (term.not ? none : all).push({ words, text: term.text, prefix: term.prefix });
  }
  return { all, none };
}

export const tokenizerOf = ({ search }: Collection): string =>
  TOKENIZERS[search?.tokenizer ?? ""] ?? TOKENIZERS["unicode61"]!;

/** A search that names no word is met by no record. */
export const isWordless = ({ all, none }: Search): boolean => all.length === 0 && none.length === 0;

/**
 * What the parameter `search` of a list or subscription looks for; `undefined` if it looks for nothing.
 *
 * A rule that reads `@request.query.search` gives the parameter another meaning, as an application of PocketBase may have.
 *
 * @throws SearchError if the collection has no index, or the text is too long
 */
export function requestedSearch(
  collection: Collection,
  rule: Rule,
  { search: text = "" }: Readonly<Record<string, string>>,
  seesHidden: boolean,
): Search | undefined {
  if (text.trim() === "" || (!collection.search && rule?.includes("@request.query.search"))) return undefined;
  if (!collection.search) throw new SearchError(NO_INDEX);
  if (Buffer.byteLength(text) > MAX_SEARCH_BYTES) throw new SearchError(TOO_LONG);
  return readSearch(collection, text, seesHidden);
}

const NO_INDEX =
  'The collection has no search index. A superuser can add one: set the option "search" of the collection, such as {"fields": ["title"]}.';
const TOO_LONG = `A search is at most ${MAX_SEARCH_BYTES} bytes long.`;

/** Why a search can't be answered, for the client. */
export class SearchError extends Error {
  override readonly name = "SearchError";
}
