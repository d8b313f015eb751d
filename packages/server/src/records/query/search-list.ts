import { type RecordValues, SNIPPETS_KEY, type Snippets } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { searchedFields } from "../../collections/model/search-index.ts";
import { ApiError, badRequest, invalid } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import type { RecordContext } from "../model/record-context.ts";
import { requestedSearch, type Search, SearchError } from "../search/search.ts";
import { MARKS, snippetQuery } from "../search/search-sql.ts";

/**
 * What the parameter `search` of a list looks for; `undefined` if there is none.
 *
 * @throws ApiError 400 if the collection has no search index or the text is too long, 503 while the index is being built
 */
export async function searchOf(
  reader: Reader,
  { principal }: RecordContext,
  collection: Collection,
  query: Readonly<Record<string, string>>,
): Promise<Search | undefined> {
  if (!query["search"]) return undefined;
  const search = readRequested(collection, query, isSuperuser(principal));
  if (!search) return undefined;
  const state = await reader.first(sql`SELECT built FROM _headwater_search WHERE collection = ${collection.id}`);
  if (state?.["built"] !== 1) {
    const problem = invalid("search_building", "The index is new, and the records are being added to it.");
    throw new ApiError(503, "The search index is being built. Try again later.", { search: problem }, undefined, 1);
  }
  return search;
}

/**
 * For what reads the records of a list, but takes no search: to leave it out would give more than was asked for.
 *
 * @throws ApiError 400 if there is one
 */
export function refuseSearch({ listRule }: Collection, { search = "" }: Readonly<Record<string, string>>): void {
  if (search.trim() === "" || listRule?.includes("@request.query.search")) return;
  const problem = invalid("validation_invalid_search", "Only lists and subscriptions take a search. Use a filter.");
  throw badRequest("Invalid search.", { search: problem });
}

function readRequested(
  collection: Collection,
  query: Readonly<Record<string, string>>,
  seesHidden: boolean,
): Search | undefined {
  try {
    return requestedSearch(collection, collection.listRule, query, seesHidden);
  } catch (error) {
    if (!(error instanceof SearchError)) throw error;
    throw badRequest("Invalid search.", { search: invalid("validation_invalid_search", error.message) }, error);
  }
}

const asksForSnippets = ({ withSnippets: asked = "" }: Readonly<Record<string, string>>): boolean =>
  asked === "1" || asked === "true";

/** The snippets of the records that a search found, if the request asks for them. */
export async function readSnippets(
  reader: Reader,
  collection: Collection,
  search: Search,
  query: Readonly<Record<string, string>>,
  records: readonly RecordValues[],
): Promise<ReadonlyMap<RecordValues, { readonly [SNIPPETS_KEY]: Snippets }> | undefined> {
  if (!asksForSnippets(query)) return undefined;
  const statement = snippetQuery(collection, search, JSON.stringify(records.map(({ id }) => id)));
  const rows = statement ? await reader.all(statement) : [];
  const byId = new Map(rows.map((row) => [row["id"], row]));
  return new Map(
    records.map((record) => {
      const row = byId.get(record.id) ?? {};
      const entries = searchedFields(collection).flatMap(({ field, column }) => {
        const text = row[column];
        return typeof text === "string" && text.includes(MARKS[0]) ? [[field.name, toHtml(text)] as const] : [];
      });
      return [record, { [SNIPPETS_KEY]: Object.fromEntries(entries) }];
    }),
  );
}

const toHtml = (text: string): string =>
  Bun.escapeHTML(text).replaceAll(MARKS[0], "<mark>").replaceAll(MARKS[1], "</mark>");
