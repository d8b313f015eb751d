import { verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { kindOf } from "../fields/field-kinds.ts";

/** Quotes as PocketBase does, because `sqlite_master` keeps the text as written. */
export const quote = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

/** Creates a collection's table, with columns sorted by name. */
export async function createTable(tx: Transaction, collection: Collection): Promise<void> {
  const columns = [...collection.fields]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((field) => `${quote(field.name)} ${kindOf(field).column(field)}`);
  await tx.run(verbatim(`CREATE TABLE ${quote(collection.name)} (${columns.join(", ")})`));
}
