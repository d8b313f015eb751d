import { type RecordId, recordId, type RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import { isMultiple, type RelationField } from "../../collections/fields/field.ts";
import { hasUniqueIndex } from "../../collections/model/index-definition.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { toText, toTexts } from "../../lib/text/coerce.ts";
import { parseBackRelation } from "../../rules/syntax/back-relation.ts";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { anyOf, itemsOf } from "../query/find-record.ts";

/** The way from a record to its related records. */
export interface RelationStep {
  readonly related: Collection;
  /** Is the result a list? */
  readonly many: boolean;
  /**
   * For each record the ids of its related records, in their order; more than `limit` of them say no more than that there
   * are more. Takes at most one query for all records.
   */
  readonly idsOf: (
    reader: Reader,
    records: readonly RecordValues[],
    limit: number,
  ) => Promise<ReadonlyMap<RecordId, readonly string[]>>;
}

/** `posts(author)`, which older clients of PocketBase send. */
const OLD_FORM = /^(\w+)\((\w+)\)$/;

/** The meaning of one part of an expand path; `undefined` if it is no relation of the collection. */
export function findStep(schema: Schema, collection: Collection, name: string): RelationStep | undefined {
  const back = parseBackRelation(name) ?? OLD_FORM.exec(name)?.slice(1);
  return back ? backStep(schema, collection, back[0], back[1]) : ownStep(schema, collection, name);
}

function ownStep(schema: Schema, collection: Collection, name: string): RelationStep | undefined {
  const field = findField(collection, name);
  const related = field?.type === "relation" ? schema.find(field.collectionId) : undefined;
  if (field?.type !== "relation" || !related) return undefined;
  return {
    related,
    many: isMultiple(field),
    idsOf: async (_reader, records) => new Map(records.map((record) => [record.id, toTexts(record[name])])),
  };
}

/** `posts_via_author`: the records of `posts` whose `author` is this one. */
function backStep(schema: Schema, collection: Collection, from: string, by: string): RelationStep | undefined {
  const related = schema.find(from);
  const field = related && findField(related, by);
  if (!related || field?.type !== "relation" || field.collectionId !== collection.id) return undefined;
  return {
    related,
    many: !hasUniqueIndex(related, field.name),
    idsOf: (reader, records, limit) => referringIds({ reader, records, limit }, related, field),
  };
}

/** The most records that refer to one record and are expanded (PocketBase's limit). */
const MAX_REFERRING = 1000;

interface ReferringIdsQuery {
  readonly reader: Reader;
  readonly records: readonly RecordValues[];
  readonly limit: number;
}

async function referringIds(
  { reader, records, limit }: ReferringIdsQuery,
  related: Collection,
  field: RelationField,
): Promise<ReadonlyMap<RecordId, readonly string[]>> {
  const column = sql.id("related", field.name);
  const owner = isMultiple(field) ? sql.id("item", "value") : column;
  const items = isMultiple(field) ? sql`, ${itemsOf(column)} AS item` : sql``;
  const order = related.type === "view" ? sql`NULL` : sql`${sql.id("related", "_rowid_")}`;
  const rows = await reader.all(sql`
    SELECT owner, id FROM (
      SELECT ${owner} AS owner, related.id AS id, row_number() OVER (PARTITION BY ${owner} ORDER BY ${order}) AS place
      FROM ${sql.id(related.name)} AS related ${items}
      WHERE ${owner} IN ${anyOf(records.map(({ id }) => id))}
    ) WHERE place <= ${MAX_REFERRING} ORDER BY owner, place LIMIT ${Number.isFinite(limit) ? limit + 1 : -1}`);
  const ids = new Map<RecordId, string[]>(records.map(({ id }) => [id, []]));
  for (const row of rows) ids.get(recordId(toText(row["owner"])))?.push(toText(row["id"]));
  return ids;
}
