import type { JsonValue, RecordValues } from "@headwater/protocol";
import type { Field } from "../../collections/fields/field.ts";
import type { Collection } from "../../collections/model/collection.ts";
import { isPassword } from "../../collections/model/logged-values.ts";
import { sql } from "../../store/sql.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { columnsOf } from "../model/columns.ts";
import type { WriteContext } from "../model/record-context.ts";
import { type Actor, actorOf } from "./actor.ts";

/** By field id: the value before and after. */
export type FieldChanges = Readonly<Record<string, readonly [before: JsonValue, after: JsonValue]>>;

/** One change of a record. Versions count from 1 for each record. */
export interface HistoryEntry {
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: Actor;
  readonly action: "create" | "update" | "delete" | "restore";
  readonly changes: FieldChanges;
}

/** Hidden fields are never kept, nor what signs in. */
const isKept = (field: Field): boolean => !field.hidden && !isPassword(field) && field.name !== "id";

/** Adds a change to the history of a record, in the transaction that makes it. */
export async function addHistory(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  action: HistoryEntry["action"],
  before: RecordValues | undefined,
  after: RecordValues | undefined,
): Promise<void> {
  if (!collection.history) return;
  const { id } = (after ?? before)!;
  const changes = JSON.stringify(differences(collection, before, after));
  const own = sql`collection = ${collection.id} AND record = ${id}`;
  // What was deleted for good leaves nothing but that it was.
  if (action === "delete" && !collection.softDelete) await tx.run(sql`DELETE FROM _headwater_history WHERE ${own}`);
  const isGone = action === "delete" && !collection.softDelete;
  await tx.run(
    sql`INSERT INTO _headwater_history (collection, record, version, time, actor, action, changes)
      SELECT ${collection.id}, ${id}, ifnull(max(version), 0) + 1, ${context.now.getTime()}, ${actorOf(context)},
        ${action}, ${isGone ? "{}" : changes} FROM _headwater_history WHERE ${own}`,
  );
  const { keep } = collection.history;
  if (keep > 0) {
    await tx.run(
      sql`DELETE FROM _headwater_history WHERE ${own} AND version <= (
        SELECT max(version) FROM _headwater_history WHERE ${own}) - ${keep}`,
    );
  }
}

/** Leaves of a record that is gone for good only who deleted it and when, unless another one has its id. */
export async function emptyHistory(tx: Transaction, collection: Collection, id: string): Promise<void> {
  const own = sql`collection = ${collection.id} AND record = ${id}`;
  if (await tx.first(sql`SELECT 1 FROM ${sql.id(collection.name)} WHERE id = ${id}`)) return;
  const last = sql`(SELECT max(version) FROM _headwater_history WHERE ${own} AND action = 'delete')`;
  await tx.run(sql`DELETE FROM _headwater_history WHERE ${own} AND version IS NOT ${last}`);
  await tx.run(sql`UPDATE _headwater_history SET changes = '{}' WHERE ${own}`);
}

function differences(
  collection: Collection,
  before: RecordValues | undefined,
  after: RecordValues | undefined,
): FieldChanges {
  const changes: Record<string, readonly [JsonValue, JsonValue]> = {};
  for (const { field, name, write } of columnsOf(collection)) {
    if (!isKept(field)) continue;
    const [old, value] = [before?.[name] ?? null, after?.[name] ?? null];
    if (write(old) !== write(value)) changes[field.id] = [old, value];
  }
  return changes;
}

/** The changes of a record, the newest first. */
export async function readHistory(
  reader: Reader,
  collection: Collection,
  id: string,
  { limit, before = Number.MAX_SAFE_INTEGER }: { readonly limit: number; readonly before?: number },
): Promise<readonly HistoryEntry[]> {
  const rows = await reader.all(
    sql`SELECT version, time, actor, action, changes FROM _headwater_history
      WHERE collection = ${collection.id} AND record = ${id} AND version < ${before}
      ORDER BY version DESC LIMIT ${limit}`,
  );
  return rows.map(({ version, time, actor, action, changes }) => ({
    version: Number(version),
    time: Number(time),
    actor: String(actor),
    action: String(action) as HistoryEntry["action"],
    changes: JSON.parse(String(changes)) as FieldChanges,
  }));
}
