import { verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { kindOf } from "../fields/field-kinds.ts";

/** Quotes as PocketBase does: the text is kept in `sqlite_master` as it was written. */
export const quote = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

/** Makes a collection's table, columns in the order of their names. */
export async function createTable(tx: Transaction, collection: Collection): Promise<void> {
  const columns = [...collection.fields]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((field) => `${quote(field.name)} ${kindOf(field).column(field)}`);
  await tx.run(verbatim(`CREATE TABLE ${quote(collection.name)} (${columns.join(", ")})`));
}
