import type { RecordValues, Snippets } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { badRequest, forbidden } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { RecordSource } from "../../rules/sql/collection-query-builder.ts";
import { EMPTY, sql, toQuery } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";
import type { Search } from "../search/search.ts";
import { searchSource } from "../search/search-sql.ts";
import { dependsOnTime } from "./depends-on-time.ts";
import { parseListParams } from "./list-params.ts";
import type { RecordContext } from "../model/record-context.ts";
import { readSnippets, searchOf } from "./search-list.ts";
import { ruleFor, queryBuilder } from "./select-records.ts";
import { isUnreadableRule } from "./unreadable-rule.ts";

export interface RecordPage {
  readonly items: readonly RecordValues[];
  readonly page: number;
  readonly perPage: number;
  /** -1 if the request skips the count. */
  readonly totalItems: number;
  readonly totalPages: number;
  /** Set if the request asks for them. */
  readonly snippets?: ReadonlyMap<RecordValues, Snippets>;
}

/**
 * A page of the records that meet the list rule.
 *
 * @param reader one snapshot, so that the count and the page agree
 * @param query the request's parameters: page, perPage, skipTotal, sort, filter, search
 * @throws ApiError 403 for a collection or a filter that only superusers may use, 400 for invalid parameters
 */
export async function listRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  query: Readonly<Record<string, string>>,
): Promise<RecordPage> {
  const rule = ruleFor(context, collection.listRule);
  if (!isSuperuser(context.principal)) assertNoRequestReferences(query);
  const { page, perPage, skipTotal, sort, filter } = parseListParams(query);
  try {
    const search = await searchOf(reader, context, collection, query);
    const select = buildSelect(context, collection, { rule, filter, sort }, search);
    const totalItems = skipTotal ? -1 : await count(reader, context.schema, collection, select);
    const totalPages = skipTotal ? -1 : Math.ceil(totalItems / perPage);
    const order = select.order ? sql`ORDER BY ${select.order}` : EMPTY;
    const table = sql.id(collection.name);
    const offset = (page - 1) * perPage;
    const statement = sql`SELECT ${select.distinct ? sql`DISTINCT` : EMPTY} ${table}.* ${select.from} ${order} LIMIT ${perPage} OFFSET ${offset}`;
    const stopsAfter = select.isPlain ? offset + perPage : undefined;
    const rows = await reader.all({ ...toQuery(statement), stopsAfter });
    const items = rows.map((row) => readRow(collection, row));
    const snippets = search && (await readSnippets(reader, collection, search, query, items));
    return { items, page, perPage, totalItems, totalPages, ...(snippets && { snippets }) };
  } catch (error) {
    throw isUnreadableRule(error) ? badRequest("", {}, error) : error;
  }
}

/** These references would let a client read what no rule shows it. */
export function assertNoRequestReferences(query: Readonly<Record<string, string>>): void {
  for (const text of [query["filter"] ?? "", query["sort"] ?? ""]) {
    for (const prefix of ["@collection.", "@request."]) {
      if (text.includes(prefix)) throw forbidden(`Only superusers can filter by ${prefix}`);
    }
  }
}

interface Select extends RecordSource {
  /** Whether it takes the rows as they are: without conditions and joins, and not of a view. */
  readonly isPlain: boolean;
}

function buildSelect(
  context: RecordContext,
  collection: Collection,
  { rule, filter, sort }: Readonly<Record<"rule" | "filter" | "sort", string>>,
  search: Search | undefined,
): Select {
  const builder = queryBuilder(context, collection);
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

/** SQLite counts by the pages of an index. */
const COUNT_COST = 0.01;

async function count(
  reader: Reader,
  schema: Schema,
  collection: Collection,
  { from, distinct, isPlain }: Select,
): Promise<number> {
  // A view may repeat an id. PocketBase counts each id once.
  const isView = collection.type === "view";
  const key = sql.id(collection.name, isView ? "id" : "_rowid_");
  const counted = distinct || isView ? sql`count(DISTINCT ${key})` : sql`count(*)`;
  const visitCost = isPlain && !distinct ? COUNT_COST : undefined;
  const query = toQuery(sql`SELECT ${counted} AS total ${from}`);
  const row = await reader.first({ ...query, visitCost, isReusable: !dependsOnTime(schema, query.text) });
  return Number(row?.["total"]);
}
