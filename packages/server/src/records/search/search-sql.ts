import type { Collection } from "../../collections/model/collection.ts";
import { searchTable } from "../../collections/model/search-index.ts";
import { type Sql, sql } from "../../store/sql.ts";
import { isWordless, type Phrase, type Search } from "./search.ts";

/** How a SELECT on a collection finds the records of a search. */
export interface SearchSource {
  /** The index, which comes before the collection's table and leads to its rows; `undefined` if the table comes first. */
  readonly index: Sql | undefined;
  readonly condition: Sql;
  /** Less is better. A search that only leaves records out has the order of the table. */
  readonly rank: Sql;
  /** The best first. */
  readonly order: Sql;
}

export function searchSource(collection: Collection, search: Search): SearchSource {
  const table = sql.id(searchTable(collection));
  const row = sql.id(collection.name, "_rowid_");
  const rowid = sql`${table}.rowid`;
  const [all, none] = [expression(search.all, " AND "), expression(search.none, " OR ")];
  if (isWordless(search) || (search.columns.length === 0 && all !== "")) {
    return { index: undefined, condition: sql`FALSE`, rank: row, order: row };
  }
  if (all === "") {
    const excluded = sql`SELECT rowid FROM ${table} WHERE ${match(collection, search, none)}`;
    const condition = search.columns.length === 0 ? sql`TRUE` : sql`${row} NOT IN (${excluded})`;
    return { index: undefined, condition, rank: row, order: row };
  }
  const wanted = none === "" ? all : `(${all}) NOT (${none})`;
  return {
    index: sql`${table} CROSS JOIN `,
    condition: sql`${match(collection, search, wanted)} AND ${row} = ${rowid}`,
    rank: sql`${table}.rank`,
    order: sql`${table}.rank, ${rowid}`,
  };
}

/** Whether a row of the index matches an expression in the columns that are searched. */
const match = (collection: Collection, { columns }: Search, text: string): Sql => {
  const table = searchTable(collection);
  return sql`${sql.id(table, table)} MATCH ${`{${columns.map((place) => `f${place}`).join(" ")}} : (${text})`}`;
};

const expression = (phrases: readonly Phrase[], operator: string): string =>
  phrases.map(({ text, prefix }) => `"${text.replaceAll('"', '""')}"${prefix ? " *" : ""}`).join(operator);

/** Around a match in a snippet, before the text is escaped. No text that a person reads has these characters. */
export const MARKS = ["\u0002", "\u0003"] as const;
/** Words of a snippet. */
const SNIPPET_WORDS = 24;

/**
 * The snippets of some of the records that a search found: `id`, and a column for each place of the index.
 *
 * @returns `undefined` for a search that marks nothing
 */
export function snippetQuery(collection: Collection, search: Search, ids: string): Sql | undefined {
  if (search.all.length === 0 || search.columns.length === 0) return undefined;
  const table = sql.id(searchTable(collection));
  const own = sql.id(collection.name);
  const snippets = search.columns.map(
    (place) =>
      sql`snippet(${table}, ${place}, ${MARKS[0]}, ${MARKS[1]}, '…', ${SNIPPET_WORDS}) AS ${sql.id(`f${place}`)}`,
  );
  const found = sql`SELECT _rowid_ FROM ${own} WHERE id IN (SELECT value FROM json_each(${ids}))`;
  return sql`SELECT (SELECT id FROM ${own} WHERE _rowid_ = ${table}.rowid) AS id, ${sql.join(snippets)} FROM ${table}
    WHERE ${match(collection, search, expression(search.all, " AND "))} AND ${table}.rowid IN (${found})`;
}
