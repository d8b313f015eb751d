import type { Field } from "../fields/field.ts";
import { badFormat, isObject, type JsonObject } from "../fields/decode-json.ts";
import { type History, parseHistory, parseSoftDelete, type SoftDelete } from "./kept-options.ts";
import type { SearchIndex } from "./search-option.ts";

/** Options of a collection that PocketBase doesn't have. A collection without them is as in PocketBase. */
export interface OwnOptions {
  /** The fields in which `search=` looks for words. */
  readonly search?: SearchIndex;
  readonly softDelete?: SoftDelete;
  readonly history?: History;
}

/** The options that are set. */
export const ownOptionsToJson = ({ search, softDelete, history }: OwnOptions): JsonObject => ({
  ...(search && { search }),
  ...(softDelete && { softDelete }),
  ...(history && { history }),
});

/**
 * Reads submitted options on top of others: `null` removes one, a missing one stays.
 *
 * @throws ApiError 400 for a value of the wrong JSON type
 */
export function parseOwnOptions(raw: JsonObject, before: OwnOptions): OwnOptions {
  const read = <T>(key: keyof OwnOptions, parse: (value: unknown) => T | undefined, old: T | undefined) =>
    raw[key] === undefined ? old : parse(raw[key]);
  const search = read("search", parseSearch, before.search);
  const softDelete = read("softDelete", parseSoftDelete, before.softDelete);
  const history = read("history", parseHistory, before.history);
  return { ...(search && { search }), ...(softDelete && { softDelete }), ...(history && { history }) };
}

function parseSearch(raw: unknown): SearchIndex | undefined {
  if (raw === null) return undefined;
  if (!isObject(raw)) throw badFormat();
  const { fields = [], tokenizer = "unicode61", weights = {} } = raw;
  if (!Array.isArray(fields) || !fields.every((name) => typeof name === "string")) throw badFormat();
  if (typeof tokenizer !== "string" || !isObject(weights)) throw badFormat();
  if (!Object.values(weights).every((weight) => typeof weight === "number")) throw badFormat();
  return { fields, tokenizer, weights: weights as Readonly<Record<string, number>> };
}

/** Names follow fields that are renamed, unless the change submits options of its own. */
export function renameInOptions<T extends OwnOptions & { readonly fields: readonly Field[] }>(
  after: T,
  before: OwnOptions & { readonly fields: readonly Field[] },
): T {
  const { search } = after;
  if (!search || search !== before.search) return after;
  const names = new Map(
    before.fields.map(({ id, name }) => [name, after.fields.find((field) => field.id === id)?.name]),
  );
  return withSearch(
    after,
    renamed(search, (name) => names.get(name)),
  );
}

/** Without names of fields that are gone, such as those that a stock PocketBase deleted. */
export function withKnownFields<T extends OwnOptions & { readonly fields: readonly Field[] }>(collection: T): T {
  const { search, fields } = collection;
  if (!search || search.fields.every((name) => fields.some((field) => field.name === name))) return collection;
  const known = (name: string): string | undefined => fields.find((field) => field.name === name)?.name;
  return withSearch(collection, renamed(search, known));
}

function renamed(
  { fields, tokenizer, weights }: SearchIndex,
  rename: (name: string) => string | undefined,
): SearchIndex {
  const names = fields.map((name) => [name, rename(name)] as const);
  const kept = names.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const weighed = kept.flatMap(([old, name]) => (weights[old] === undefined ? [] : [[name, weights[old]] as const]));
  return { fields: kept.map(([, name]) => name), tokenizer, weights: Object.fromEntries(weighed) };
}

function withSearch<T extends OwnOptions>(options: T, search: SearchIndex): T {
  if (search.fields.length > 0) return { ...options, search };
  const rest = { ...options };
  delete (rest as { search?: SearchIndex }).search;
  return rest;
}
