import type { JsonValue } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { badRequest } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { TableQueryBuilder } from "../../rules/sql/table-query-builder.ts";
import { RuleError } from "../../rules/syntax/rule-error.ts";
import { EMPTY, type Row, type Sql, sql, toQuery, verbatim } from "../../store/sql.ts";
import { type Reader, StoreError } from "../../store/store.ts";
import type { RecordContext } from "../model/record-context.ts";
import {
  type AggregateParams,
  type AggregateValue,
  parseAggregate,
  problem,
  replaceNames,
} from "./aggregate-params.ts";
import { type AggregateField, AggregateFields, plain } from "./aggregate-values.ts";
import { type ListParams, parseListParams } from "./list-params.ts";
import { assertNoRequestReferences } from "./list-records.ts";
import { queryBuilder, ruleFor } from "./select-records.ts";
import { isUnreadableRule } from "./unreadable-rule.ts";

export interface AggregatePage {
  /** For each group, its fields and values by their keys. */
  readonly items: readonly Readonly<Record<string, JsonValue>>[];
  readonly page: number;
  readonly perPage: number;
  /** The number of groups; -1 if the request skips the count. */
  readonly totalItems: number;
  readonly totalPages: number;
}

/**
 * Values computed over the records that the requester may list, for each group of them.
 *
 * @param query the request's parameters: select, groupBy, filter, having, sort, page, perPage, skipTotal
 * @throws ApiError 403 for a collection or a filter that only superusers may use, 400 for invalid parameters
 */
export async function aggregateRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  query: Readonly<Record<string, string>>,
): Promise<AggregatePage> {
  const rule = ruleFor(context, collection.listRule);
  if (!isSuperuser(context.principal)) assertNoRequestReferences(query);
  const list = parseListParams(query);
  const params = parseAggregate(query);
  const records = groupedRecords(context, collection, params, { rule, filter: list.filter });
  const outer = outerParts(context, params, list, query["having"] ?? "");
  try {
    return await readPage(reader, records, outer, list);
  } catch (error) {
    throw isUnreadableRule(error) ? badRequest("", {}, error) : error;
  }
}

/** Names of common table expressions. No collection has a "#" in its name. */
const ROWS = sql.id("rows#");
const GROUPED = "grouped#";

const groupColumn = (at: number): string => `g${at}`;
const valueColumn = (at: number): string => `c${at}`;

interface GroupedRecords {
  /** The statement's common table expressions. @param sum the function that adds numbers */
  readonly tables: (sum: "sum" | "total") => Sql;
  readonly decode: (row: Row) => Readonly<Record<string, JsonValue>>;
}

function groupedRecords(
  context: RecordContext,
  collection: Collection,
  { select, groupBy }: AggregateParams,
  { rule, filter }: Readonly<Record<"rule" | "filter", string>>,
): GroupedRecords {
  const fields = new AggregateFields(context, collection);
  const groups = groupBy.map((path) => fields.group(path));
  const values = select.map((value) => (value.path === undefined ? undefined : fields.argument(value)));
  const columns = [
    ...groups.map(({ value }, at) => sql`${value} AS ${sql.id(groupColumn(at))}`),
    ...values.flatMap((field, at) => (field ? [sql`${field.value} AS ${sql.id(valueColumn(at))}`] : [])),
  ];
  const rows = sourceOf(context, collection, fields, columns, { rule, filter });
  const keys = groups.map((_, at) => sql.id(groupColumn(at)));
  const by = keys.length > 0 ? sql`GROUP BY ${sql.join(keys)}` : EMPTY;
  return {
    tables: (sum) => {
      const computed = select.map((value, at) => sql`${callOf(value, at, sum)} AS ${sql.id(valueColumn(at))}`);
      return sql`WITH ${ROWS} AS (${rows}), ${sql.id(GROUPED)} AS (SELECT ${sql.join([...keys, ...computed])} FROM ${ROWS} ${by})`;
    },
    decode: (row) =>
      Object.fromEntries([
        ...groups.map(({ decode }, at) => [groupBy[at]!, decode(row[groupColumn(at)] ?? null)] as const),
        ...select.map(
          (value, at) => [value.key, decodeValue(value, values[at], row[valueColumn(at)] ?? null)] as const,
        ),
      ]),
  };
}

/** The records, with what is read of each: several rows for one that belongs to several groups. */
function sourceOf(
  context: RecordContext,
  collection: Collection,
  { builder: fields }: AggregateFields,
  columns: readonly Sql[],
  { rule, filter }: Readonly<Record<"rule" | "filter", string>>,
): Sql {
  const matching = queryBuilder(context, collection);
  if (rule !== "") readable(() => matching.requireRule(rule, "trusted"));
  const trust = isSuperuser(context.principal) ? "trusted" : "client";
  if (filter !== "") readable(() => matching.requireFilter(filter, trust));
  const isView = collection.type === "view";
  const key = sql.id(collection.name, isView ? "id" : "_rowid_");
  const found = matching.records();
  const { joins } = fields;
  const conditions = fields.extraConditions;
  if (joins === EMPTY) {
    const isRepeated = found.distinct || isView;
    const selected = isRepeated ? [sql`DISTINCT ${key}`, ...columns] : columns.length > 0 ? columns : [sql`1`];
    return sql`SELECT ${sql.join(selected)} ${found.from}`;
  }
  const isRepeated = fields.distinct || isView;
  const selected = isRepeated ? [sql`DISTINCT ${key}`, ...columns] : columns;
  const where = sql.join([sql`${key} IN (SELECT ${key} ${found.from})`, ...conditions], " AND ");
  return sql`SELECT ${sql.join(selected)} FROM ${sql.id(collection.name)}${joins} WHERE ${where}`;
}

function readable(read: () => void): void {
  try {
    read();
  } catch (error) {
    throw error instanceof RuleError ? badRequest("", {}, error) : error;
  }
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER;

function callOf({ function: name, path, distinct }: AggregateValue, at: number, sum: "sum" | "total"): Sql {
  if (path === undefined) return sql`count(*)`;
  const argument = sql`${distinct ? sql`DISTINCT ` : EMPTY}${sql.id(valueColumn(at))}`;
  if (name !== "sum") return sql`${verbatim(name)}(${argument})`;
  if (sum === "total") return sql`iif(count(${argument}) = 0, NULL, total(${argument}))`;
  return sql`sum(${argument})`;
}

function decodeValue(value: AggregateValue, field: AggregateField | undefined, stored: Row[string]): JsonValue {
  const isOfField = field && (value.function === "min" || value.function === "max");
  return isOfField ? field.decode(stored) : plain(stored);
}

interface OuterParts {
  readonly where: Sql;
  readonly order: Sql;
  readonly columns: Sql;
}

/** What follows the groups: `having`, `sort`, and the columns of the answer. */
function outerParts(
  { now }: RecordContext,
  { select, groupBy }: AggregateParams,
  { sort }: ListParams,
  having: string,
): OuterParts {
  const names = new Map([
    ...groupBy.map((path, at) => [path, groupColumn(at)] as const),
    ...select.flatMap((value, at) => value.names.map((name) => [name, valueColumn(at)] as const)),
  ]);
  const groups = groupBy.map((_, at) => groupColumn(at));
  const columns = [...groups, ...select.map((_, at) => valueColumn(at))];
  const builder = new TableQueryBuilder({ table: GROUPED, columns, now });
  const read = (parameter: string, build: () => Sql | undefined): Sql | undefined => {
    try {
      return build();
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      throw problem(parameter, `It can only name groups and values of the answer: ${[...names.keys()].join(", ")}.`);
    }
  };
  const condition = having === "" ? undefined : read("having", () => builder.filter(replaceNames(having, names)));
  const order = read("sort", () => builder.order(replaceNames(sort, names)));
  // Groups that the sort doesn't tell apart have an order too, so that pages don't overlap.
  const orders = [...(order ? [order] : []), ...groups.map((name) => sql.id(GROUPED, name))];
  return {
    where: condition ? sql`WHERE ${condition}` : EMPTY,
    order: orders.length > 0 ? sql`ORDER BY ${sql.join(orders)}` : EMPTY,
    columns: sql.join([
      ...groups.map((name) => sql.id(name)),
      ...select.map((value, at) => exactly(value, sql.id(valueColumn(at)))),
    ]),
  };
}

/** A sum that no number of JavaScript holds exactly is a text. */
const exactly = ({ function: name }: AggregateValue, column: Sql): Sql =>
  name === "sum"
    ? sql`iif(typeof(${column}) = 'integer' AND ${column} NOT BETWEEN ${-MAX_SAFE} AND ${MAX_SAFE}, CAST(${column} AS TEXT), ${column}) AS ${column}`
    : column;

async function readPage(
  reader: Reader,
  records: GroupedRecords,
  outer: OuterParts,
  { page, perPage, skipTotal }: ListParams,
): Promise<AggregatePage> {
  const offset = (page - 1) * perPage;
  const total = skipTotal ? EMPTY : sql`, count(*) OVER () AS total`;
  const rows = await withExactSums((sum) =>
    reader.all(
      toQuery(
        sql`${records.tables(sum)} SELECT ${outer.columns}${total} FROM ${sql.id(GROUPED)} ${outer.where} ${outer.order} LIMIT ${perPage} OFFSET ${offset}`,
      ),
    ),
  );
  const items = rows.map((row) => records.decode(row));
  if (skipTotal) return { items, page, perPage, totalItems: -1, totalPages: -1 };
  const totalItems =
    rows[0] || page === 1 ? Number(rows[0]?.["total"] ?? 0) : await countGroups(reader, records, outer);
  return { items, page, perPage, totalItems, totalPages: Math.ceil(totalItems / perPage) };
}

/** A page after the last one has no row that says how many there are. */
async function countGroups(reader: Reader, records: GroupedRecords, { where }: OuterParts): Promise<number> {
  const row = await withExactSums((sum) =>
    reader.first(sql`${records.tables(sum)} SELECT count(*) AS total FROM ${sql.id(GROUPED)} ${where}`),
  );
  return Number(row?.["total"]);
}

/** SQLite refuses a sum of integers beyond 2^63. It is then computed as a floating-point number. */
async function withExactSums<T>(read: (sum: "sum" | "total") => Promise<T>): Promise<T> {
  try {
    return await read("sum");
  } catch (error) {
    if (error instanceof StoreError && error.message.includes("integer overflow")) return read("total");
    throw error;
  }
}
