import { recordId } from "@headwater/protocol";
import { type ApiError, badRequest, notFound } from "../lib/api-error.ts";
import { appendChange } from "../log/append-change.ts";
import { sql, verbatim } from "../store/sql.ts";
import type { Transaction } from "../store/store.ts";
import type { Collection } from "./collection.ts";
import { deleteCollectionRow } from "./collection-store.ts";
import { quote } from "./create-table.ts";
import { kindOf } from "./fields/kinds.ts";
import { logCollection } from "./log-collection.ts";
import { refreshViews } from "./refresh-views.ts";
import type { CollectionContext } from "./save-collection.ts";
import { Schema } from "./schema.ts";
import { dropView } from "./view-sql.ts";

/**
 * Deletes a collection with its table or view, and what the server kept about its auth records. Its records make no
 * events of their own, and its files are left to the caller.
 *
 * @throws ApiError 404 when there is no such collection; 400 for one that is the system's or that another refers to
 */
export async function deleteCollection(
  tx: Transaction,
  { schema, now }: Pick<CollectionContext, "schema" | "now">,
  nameOrId: string,
): Promise<Collection> {
  const collection = schema.find(nameOrId);
  if (!collection) throw notFound();
  const references = schema.collections.filter((other) => other.id !== collection.id && refersTo(other, collection));
  if (collection.system || references.length > 0) throw failure(references);

  if (collection.type === "view") await dropView(tx, collection.name);
  else await tx.run(verbatim(`DROP TABLE ${quote(collection.name)}`));
  const rest = new Schema(schema.collections.filter(({ id }) => id !== collection.id));
  if ((await refreshViews(tx, { schema: rest, now }, collection)).length > 0) throw failure([]);
  if (collection.type === "auth") await forgetLogins(tx, schema, collection);
  await deleteCollectionRow(tx, collection.id);
  await logCollection(tx, collection, undefined);
  return collection;
}

const refersTo = (other: Collection, target: Collection): boolean =>
  other.fields.some((field) => field.type === "relation" && field.collectionId === target.id);

function failure(references: readonly Collection[]): ApiError {
  const names = references.map(({ name }) => name).join(", ");
  return badRequest(
    `Failed to delete collection${names === "" ? "" : ` probably due to existing reference in ${names}`}`,
  );
}

const LOGIN_COLLECTIONS = ["_externalAuths", "_mfas", "_otps", "_authOrigins"];

/** These refer to auth records by texts that no index of relations knows. */
async function forgetLogins(tx: Transaction, schema: Schema, deleted: Collection): Promise<void> {
  for (const name of LOGIN_COLLECTIONS) {
    const collection = schema.find(name);
    if (!collection) continue;
    const secrets = new Set(collection.fields.filter(({ type }) => type === "password").map((field) => field.name));
    const rows = await tx.all(sql`SELECT * FROM ${sql.table(name)} WHERE collectionRef = ${deleted.id}`);
    for (const row of rows) {
      const values = collection.fields.map((field) => [
        field.name,
        kindOf(field).fromColumn(field, row[field.name] ?? null),
      ]);
      const id = recordId(String(row.id));
      const before = { ...Object.fromEntries(values), id };
      await appendChange(tx, { collection: collection.id, record: id, action: "delete", before, after: null }, secrets);
    }
    await tx.run(sql`DELETE FROM ${sql.table(name)} WHERE collectionRef = ${deleted.id}`);
  }
}
