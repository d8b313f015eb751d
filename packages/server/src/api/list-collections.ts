import { collectionFromRow, OWN_OPTIONS } from "../collections/model/collection-row.ts";
import { collectionToJson } from "../collections/model/collection-json.ts";
import type { Page } from "../http/responses.ts";
import { badRequest } from "../lib/api-error.ts";
import { parseListParams } from "../records/query/list-params.ts";
import { RuleError } from "../rules/syntax/rule-error.ts";
import { TableQueryBuilder } from "../rules/sql/table-query-builder.ts";
import { EMPTY, type Sql, sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";

const TABLE = "_collections";
/** The columns that filters and sorts may name. */
const COLUMNS = ["id", "created", "updated", "name", "system", "type"];

/** @throws ApiError 400 if a filter or sort parameter is not valid */
export async function listCollections(
  reader: Reader,
  query: Readonly<Record<string, string>>,
  now: Date,
): Promise<Page> {
  const { page, perPage, skipTotal, sort, filter } = parseListParams(query);
  const { where, orderBy } = clauses(sort, filter, now);
  const from = sql`FROM ${sql.id(TABLE)} ${where}`;
  const rows = await reader.all(
    sql`SELECT *, ${OWN_OPTIONS} ${from} ${orderBy} LIMIT ${perPage} OFFSET ${(page - 1) * perPage}`,
  );
  const count = skipTotal ? undefined : await reader.first(sql`SELECT count(*) AS total ${from}`);
  const totalItems = Number(count?.["total"] ?? -1);
  return {
    items: rows.map((row) => collectionToJson(collectionFromRow(row))),
    page,
    perPage,
    totalItems,
    totalPages: skipTotal ? -1 : Math.ceil(totalItems / perPage),
  };
}

function clauses(sort: string, filter: string, now: Date): { readonly where: Sql; readonly orderBy: Sql } {
  const scope = new TableQueryBuilder({ table: TABLE, columns: COLUMNS, now });
  try {
    const order = scope.order(sort);
    return {
      where: filter === "" ? EMPTY : sql`WHERE ${scope.filter(filter)}`,
      orderBy: order ? sql`ORDER BY ${order}` : EMPTY,
    };
  } catch (error) {
    throw error instanceof RuleError ? badRequest("", {}, error) : error;
  }
}
