import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/collection.ts";
import type { FieldType } from "../collections/fields/field.ts";
import { isMultiple } from "../collections/fields/field.ts";
import { QueryScope } from "../rules/query-scope.ts";
import type { Trust } from "../rules/record-scope.ts";
import { type Sql, sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import { type Column, columnsOf } from "./columns.ts";
import type { RecordContext } from "./record-context.ts";
import { allOf, orNone } from "./select-records.ts";

/**
 * Would this record meet the rule? Judged by the given values, not by what is stored: a record that is not written
 * yet, was changed since, or is gone. Records that the rule reaches from it are read as they are stored now.
 *
 * @param rule the text of a rule; `null` is met by none, "" by all
 * @param trust `client` for a filter that a client supplied
 */
export async function canSee(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string | null,
  image: RecordValues,
  trust: Trust = "trusted",
): Promise<boolean> {
  return meets(reader, context, collection, rule, { valueOf: typed(image), trust, isNew: false });
}

/**
 * As `canSee`, for a record that is about to be made. PocketBase binds its values without their columns' types, which
 * some comparisons tell: here a number is never equal to a text.
 */
export async function mayCreate(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string | null,
  image: RecordValues,
): Promise<boolean> {
  return meets(reader, context, collection, rule, { valueOf: plain(image), trust: "trusted", isNew: true });
}

/** No collection's name starts like this. */
const IMAGE = "@record";

interface Judged {
  readonly valueOf: (column: Column) => Sql;
  readonly trust: Trust;
  readonly isNew: boolean;
}

async function meets(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string | null,
  { valueOf, trust, isNew }: Judged,
): Promise<boolean> {
  if (rule === null || rule === "") return rule === "";
  const found = await orNone(async () => {
    const { schema, now } = context;
    const scope = new QueryScope({ schema, collection, context, now, table: { name: IMAGE, isNew } });
    const condition = scope.condition(rule, trust);
    const where = allOf([condition, ...scope.extraConditions]);
    const image = sql.id(IMAGE);
    const columns = columnsOf(collection).map(valueOf);
    return reader.first(
      sql`WITH ${image} AS (SELECT ${sql.join(columns)}) SELECT 1 FROM ${image} ${scope.joins} WHERE ${where} LIMIT 1`,
    );
  });
  return found !== undefined;
}

const plain =
  (image: RecordValues) =>
  ({ name, write }: Column): Sql =>
    sql`${write(image[name] ?? null)} AS ${sql.id(name)}`;

/** With the affinity that the table's column has, as far as a cast can give it without changing the value. */
const typed =
  (image: RecordValues) =>
  ({ field, name, write }: Column): Sql => {
    const value = write(image[name] ?? null);
    const id = sql.id(name);
    if (UNTYPED.has(field.type) || isMultiple(field)) return sql`${value} AS ${id}`;
    return NUMERIC.has(field.type) ? sql`CAST(${value} AS NUMERIC) AS ${id}` : sql`CAST(${value} AS TEXT) AS ${id}`;
  };

const NUMERIC: ReadonlySet<FieldType> = new Set(["number", "bool"]);
const UNTYPED: ReadonlySet<FieldType> = new Set(["json", "geoPoint"]);
