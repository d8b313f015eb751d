import { recordId } from "@headwater/protocol";
import { appendEntry } from "../../log/append-change.ts";
import { forgetCollection } from "../../log/forget-collection.ts";
import { sql, verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { deleteCollectionRow } from "../model/collections-table.ts";
import { quote } from "../tables/create-table.ts";
import { kindOf } from "../fields/field-kinds.ts";
import { loggedValues } from "../model/logged-values.ts";
import { logCollectionChange } from "../model/log-collection-change.ts";
import type { Schema } from "../model/schema.ts";
import { dropView } from "../tables/drop-views.ts";
import { dropSearchTable } from "../tables/search-table.ts";

/**
 * Deletes a collection, its table or view, what the log holds of its records, and the sign-in data of its auth records. It
 * checks nothing.
 */
export async function dropCollection(tx: Transaction, schema: Schema, collection: Collection): Promise<void> {
  if (collection.type === "view") await dropView(tx, collection.name);
  else {
    await tx.run(verbatim(`DROP TABLE ${quote(collection.name)}`));
    await forgetCollection(tx, collection.id);
    if (collection.search) await dropSearchTable(tx, collection.id);
    await tx.run(sql`DELETE FROM _headwater_trash WHERE collection = ${collection.id}`);
    await tx.run(sql`DELETE FROM _headwater_history WHERE collection = ${collection.id}`);
  }
  if (collection.type === "auth") await deleteLogins(tx, schema, collection);
  await deleteCollectionRow(tx, collection.id);
  await logCollectionChange(tx, collection, undefined);
}

const LOGIN_COLLECTIONS = ["_externalAuths", "_mfas", "_otps", "_authOrigins"];

/** Deletes records that refer to auth records by text instead of a relation. */
async function deleteLogins(tx: Transaction, schema: Schema, deleted: Collection): Promise<void> {
  for (const name of LOGIN_COLLECTIONS) {
    const collection = schema.find(name);
    if (!collection) continue;
    const rows = await tx.all(sql`SELECT * FROM ${sql.id(name)} WHERE collectionRef = ${deleted.id}`);
    for (const row of rows) {
      const values = collection.fields.map((field) => [
        field.name,
        kindOf(field).fromColumn(field, row[field.name] ?? null),
      ]);
      const id = recordId(String(row.id));
      const before = { ...Object.fromEntries(values), id };
      await appendEntry(tx, {
        collection: collection.id,
        record: id,
        action: "delete",
        form: "whole",
        before: loggedValues(collection, before),
        after: null,
      });
    }
    await tx.run(sql`DELETE FROM ${sql.id(name)} WHERE collectionRef = ${deleted.id}`);
  }
}
