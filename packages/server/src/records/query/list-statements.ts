import { type Collection, findField } from "../../collections/model/collection.ts";
import { resolveRule } from "../../rules/analysis/resolve-rule.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { RecordSource } from "../../rules/sql/collection-query-builder.ts";
import { keptQuery, type QueryInput } from "../../rules/sql/kept-queries.ts";
import type { RequestTexts } from "../../rules/sql/request-texts.ts";
import { EMPTY, late, type Query, type Sql, sql, toQuery } from "../../store/sql.ts";
import type { RecordContext } from "../model/record-context.ts";
import { recordScope } from "../model/record-scope.ts";
import type { Search } from "../search/search.ts";
import { searchSource } from "../search/search-sql.ts";
import { queryBuilder } from "./select-records.ts";

interface Slice {
  readonly perPage: number;
  readonly offset: number;
}

interface Conditions {
  readonly rule: string;
  readonly filter: string;
  readonly sort: string;
  readonly search: Search | undefined;
}

/** The statements of one list. */
export interface ListStatements {
  readonly page: () => Query;
  readonly count: () => Query;
  /** Whether they take the rows as they are: without conditions and joins, and not of a view. */
  readonly isPlain: boolean;
}

/** Those of a rule alone are kept. What clients send is built each time: it also depends on what they may see. */
export function listStatements(
  context: RecordContext,
  collection: Collection,
  conditions: Conditions,
  slice: Slice,
): ListStatements {
  const { rule, filter, sort, search } = conditions;
  if (filter !== "" || sort !== "" || search) {
    const { isPlain, ...source } = buildSource(context, collection, conditions);
    const sortsRows = !source.distinct && collection.type !== "view" && !search && sortsByFields(collection, sort);
    return {
      page: () =>
        sortsRows
          ? { ...toQuery(sortedPageSql(collection, source, slice)), limits: { [SORTED]: slice.perPage } }
          : toQuery(pageSql(collection, source, sql`${slice.perPage}`, sql`${slice.offset}`)),
      count: () => toQuery(countSql(collection, source)),
      isPlain: isPlain && !source.distinct,
    };
  }
  const condition = rule === "" ? undefined : resolveRule(rule, recordScope(context, collection));
  const kept = (use: string, toSql: (collection: Collection, source: RecordSource) => Sql): Query =>
    keptQuery({ rule: condition ?? collection, use }, { context, given: slice }, (requesters) =>
      toSql(collection, buildSource(context, collection, conditions, requesters)),
    );
  return {
    page: () => kept("page", (of, source) => pageSql(of, source, LATE_SLICE.perPage, LATE_SLICE.offset)),
    count: () => kept("count", countSql),
    isPlain: rule === "" && collection.type !== "view",
  };
}

const LATE_SLICE = {
  perPage: late(({ given }: QueryInput<Slice>) => given.perPage),
  offset: late(({ given }: QueryInput<Slice>) => given.offset),
} as const;

function buildSource(
  context: RecordContext,
  collection: Collection,
  { rule, filter, sort, search }: Conditions,
  requesters?: RequestTexts,
): RecordSource & Pick<ListStatements, "isPlain"> {
  const builder = queryBuilder(context, collection, requesters);
  const found = search && searchSource(collection, search);
  if (found) builder.requireIndex(found.index, found.condition);
  const trust = isSuperuser(context.principal) ? "trusted" : "client";
  if (rule !== "") builder.requireRule(rule, "trusted");
  if (filter !== "") builder.requireFilter(filter, trust);
  const order = builder.order(sort, trust, found?.rank) ?? found?.order;
  const records = builder.records();
  const isPlain =
    rule === "" && filter === "" && !found && collection.type !== "view" && builder.extraConditions.length === 0;
  return { ...records, order: order ?? records.order, isPlain };
}

/**
 * Whether it sorts by fields without an index. SQLite may read the rows through an index that has all that is sorted by, and
 * then finds equal ones in another order.
 */
function sortsByFields(collection: Collection, sort: string): boolean {
  const names = sort === "" ? [] : sort.split(",").map((name) => name.trim().replace(/^[-+]/, ""));
  const indexes = collection.indexes.join(" ").toLowerCase();
  const isFree = (name: string): boolean =>
    name !== "id" && findField(collection, name) !== undefined && !indexes.includes(name.toLowerCase());
  return names.length > 0 && names.every(isFree);
}

/** The subquery that sorts. No collection's name starts with "@". */
const SORTED = "@sorted";

/**
 * A page that is sorted by what the record itself has: only row ids and what is sorted by are sorted, and the rest is read of
 * the records on the page. A CROSS JOIN keeps the order of its left side.
 */
function sortedPageSql({ name }: Collection, { from, order }: RecordSource, { perPage, offset }: Slice): Sql {
  const table = sql.id(name);
  const row = sql.id(name, "_rowid_");
  const sorted = sql`SELECT ${row} AS "row" ${from} ORDER BY ${order!} LIMIT ${perPage} OFFSET ${offset}`;
  return sql`SELECT ${table}.* FROM (${sorted}) AS ${sql.id(SORTED)} CROSS JOIN ${table} ON ${row} = ${sql.id(SORTED, "row")}`;
}

function pageSql({ name }: Collection, { from, distinct, order }: RecordSource, limit: Sql, offset: Sql): Sql {
  const ordered = order ? sql` ORDER BY ${order}` : EMPTY;
  return sql`SELECT ${distinct ? sql`DISTINCT` : EMPTY} ${sql.id(name)}.* ${from}${ordered} LIMIT ${limit} OFFSET ${offset}`;
}

/** A view may repeat an id. PocketBase counts each id once. */
function countSql({ name, type }: Collection, { from, distinct }: RecordSource): Sql {
  const isView = type === "view";
  const key = sql.id(name, isView ? "id" : "_rowid_");
  return sql`SELECT ${distinct || isView ? sql`count(DISTINCT ${key})` : sql`count(*)`} AS total ${from}`;
}
