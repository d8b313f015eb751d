import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { badRequest, forbidden } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { QueryScope } from "../../rules/sql/collection-query-builder.ts";
import { EMPTY, type Sql, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";
import { parseListParams } from "./list-params.ts";
import type { RecordContext } from "../model/record-context.ts";
import { allOf, ruleFor, queryScope } from "./select-records.ts";
import { isUnreadableRule } from "./unreadable-rule.ts";

export interface RecordPage {
  readonly items: readonly RecordValues[];
  readonly page: number;
  readonly perPage: number;
  /** -1 when it was not asked for. */
  readonly totalItems: number;
  readonly totalPages: number;
}

/**
 * A page of the records that the list rule lets through.
 *
 * @param reader one snapshot: the count and the page must not tell of two states
 * @param query the request's parameters: page, perPage, skipTotal, sort, filter
 * @throws ApiError 403 for a collection or a filter that only superusers may use, 400 for bad parameters
 */
export async function listRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  query: Readonly<Record<string, string>>,
): Promise<RecordPage> {
  const rule = ruleFor(context, collection.listRule);
  if (!isSuperuser(context.principal)) assertPlain(query);
  const { page, perPage, skipTotal, sort, filter } = parseListParams(query);
  try {
    const select = compile(context, collection, rule, filter, sort);
    const totalItems = skipTotal ? -1 : await count(reader, collection, select);
    const totalPages = skipTotal ? -1 : Math.ceil(totalItems / perPage);
    const order = select.order ? sql`ORDER BY ${select.order}` : EMPTY;
    const table = sql.table(collection.name);
    const rows = await reader.all(
      sql`SELECT ${select.distinct ? sql`DISTINCT` : EMPTY} ${table}.* ${select.from} ${order} LIMIT ${perPage} OFFSET ${(page - 1) * perPage}`,
    );
    return { items: rows.map((row) => readRow(collection, row)), page, perPage, totalItems, totalPages };
  } catch (error) {
    throw isUnreadableRule(error) ? badRequest("", {}, error) : error;
  }
}

/** A client could read through these what no rule lets it see. */
function assertPlain(query: Readonly<Record<string, string>>): void {
  for (const text of [query["filter"] ?? "", query["sort"] ?? ""]) {
    for (const prefix of ["@collection.", "@request."]) {
      if (text.includes(prefix)) throw forbidden(`Only superusers can filter by ${prefix}`);
    }
  }
}

interface Select {
  /** From FROM to the end of WHERE. */
  readonly from: Sql;
  readonly order: Sql | undefined;
  readonly distinct: boolean;
}

function compile(context: RecordContext, collection: Collection, rule: string, filter: string, sort: string): Select {
  const scope: QueryScope = queryScope(context, collection);
  const trust = isSuperuser(context.principal) ? "trusted" : "client";
  const conditions = [
    ...(rule === "" ? [] : [scope.condition(rule, "trusted")]),
    ...(filter === "" ? [] : [scope.filter(filter, trust)]),
  ];
  const order = scope.order(sort, trust);
  const where = allOf([...conditions, ...scope.extraConditions]);
  const from = sql`FROM ${sql.table(collection.name)} ${scope.joins} WHERE ${where}`;
  return { from, order, distinct: scope.distinct };
}

async function count(reader: Reader, collection: Collection, { from, distinct }: Select): Promise<number> {
  // Nothing keeps a view from repeating an id: PocketBase counts each once.
  const isView = collection.type === "view";
  const key = sql.id(collection.name, isView ? "id" : "_rowid_");
  const counted = distinct || isView ? sql`count(DISTINCT ${key})` : sql`count(*)`;
  const row = await reader.first(sql`SELECT ${counted} AS total ${from}`);
  return Number(row?.["total"]);
}
