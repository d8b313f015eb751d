import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Rule } from "../../collections/model/rule.ts";
import { badRequest, notFound } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { CollectionQueryBuilder } from "../../rules/sql/collection-query-builder.ts";
import { EMPTY, type Sql, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import type { Actor } from "../kept/actor.ts";
import { readRow } from "../model/columns.ts";
import type { RecordContext } from "../model/record-context.ts";
import { assertNoRequestReferences } from "../query/list-records.ts";
import { parseListParams } from "../query/list-params.ts";
import { allOf, ruleFor } from "../query/select-records.ts";
import { isUnreadableRule } from "../query/unreadable-rule.ts";
import { candidateColumns } from "../rule-check/candidate-row.ts";

/** A deleted record, as it was. */
export interface TrashedRecord {
  readonly values: RecordValues;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: Actor;
}

export interface TrashPage {
  readonly items: readonly TrashedRecord[];
  readonly page: number;
  readonly perPage: number;
  readonly totalItems: number;
  readonly totalPages: number;
}

/** No collection's name starts with "@". */
const TRASH = "@trash";

/** @throws ApiError 404 for a collection that keeps no deleted records */
export function softDeleteOf({ softDelete, name }: Collection) {
  if (!softDelete) throw notFound(`The collection ${name} keeps no deleted records: it lacks the option "softDelete".`);
  return softDelete;
}

/**
 * A page of deleted records that meet the trash rule, the last deleted first unless a sort is given.
 *
 * @throws ApiError 403 for what only superusers may do, 400 for invalid parameters
 */
export async function listTrash(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  query: Readonly<Record<string, string>>,
): Promise<TrashPage> {
  const rule = ruleFor(context, softDeleteOf(collection).trashRule);
  if (!isSuperuser(context.principal)) assertNoRequestReferences(query);
  const { page, perPage, skipTotal, sort, filter } = parseListParams(query);
  try {
    const select = selectTrash(context, collection, { rule, filter, sort });
    const count = skipTotal
      ? undefined
      : await reader.first(
          sql`${select.tables} SELECT count(${select.distinct ? sql`DISTINCT ${sql.id(TRASH, "id")}` : sql`*`}) AS total ${select.from}`,
        );
    const totalItems = Number(count?.["total"] ?? -1);
    const rows = await reader.all(
      sql`${select.tables} SELECT ${select.distinct ? sql`DISTINCT` : EMPTY} ${sql.id(TRASH)}.* ${select.from}
        ORDER BY ${select.order ?? sql`${sql.id(TRASH, "@time")} DESC, ${sql.id(TRASH, "id")}`}
        LIMIT ${perPage} OFFSET ${(page - 1) * perPage}`,
    );
    const items = rows.map((row) => ({
      values: readRow(collection, row),
      time: Number(row["@time"]),
      actor: String(row["@actor"]),
    }));
    return { items, page, perPage, totalItems, totalPages: skipTotal ? -1 : Math.ceil(totalItems / perPage) };
  } catch (error) {
    throw isUnreadableRule(error) ? badRequest("", {}, error) : error;
  }
}

/**
 * The deleted record with this id, if it meets a rule.
 *
 * @throws ApiError 403 if only superusers may see it
 */
export async function selectTrashed(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: Rule,
  id: string,
): Promise<RecordValues | undefined> {
  const select = selectTrash(context, collection, { rule: ruleFor(context, rule), filter: "", sort: "" }, id);
  const row = await reader.first(sql`${select.tables} SELECT ${sql.id(TRASH)}.* ${select.from}`);
  return row && readRow(collection, row);
}

interface TrashSelect {
  readonly tables: Sql;
  readonly from: Sql;
  readonly order: Sql | undefined;
  /** Whether the joins may repeat a record. */
  readonly distinct: boolean;
}

/** Rules and filters see a deleted record as a row of the collection. */
function selectTrash(
  context: RecordContext,
  collection: Collection,
  { rule, filter, sort }: Readonly<Record<"rule" | "filter" | "sort", string>>,
  id?: string,
): TrashSelect {
  const { schema, now } = context;
  const builder = new CollectionQueryBuilder({ schema, collection, context, now, table: { name: TRASH } });
  const trust = isSuperuser(context.principal) ? "trusted" : "client";
  const conditions: Sql[] = [];
  if (rule !== "") conditions.push(builder.condition(rule, "trusted"));
  if (filter !== "") conditions.push(builder.filter(filter, trust));
  const order = builder.order(sort, trust);
  const own = id === undefined ? EMPTY : sql`AND record = ${id}`;
  const columns = candidateColumns(
    collection,
    (column) => sql`json_extract(columns, ${`$."${column.field.id}"`})`,
    "stored",
  );
  const table = sql.id(TRASH);
  const from = sql`FROM ${table} ${builder.joins} WHERE ${allOf([...conditions, ...builder.extraConditions])}`;
  return {
    tables: sql`WITH ${table} AS MATERIALIZED (SELECT ${columns}, time AS "@time", actor AS "@actor"
      FROM _headwater_trash WHERE collection = ${collection.id} ${own})`,
    from,
    order,
    distinct: builder.distinct,
  };
}
