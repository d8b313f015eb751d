import { sql } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { RecordKey } from "./log-entry.ts";

/** Notes where an account begins. Call it right after its creation was added to the log. */
export async function noteAccountStart(tx: Transaction, { collection, record }: RecordKey): Promise<void> {
  await tx.run(sql`INSERT OR REPLACE INTO _headwater_accounts (collection, record, seq)
    SELECT ${collection}, ${record}, seq FROM sqlite_sequence WHERE name = '_changes'`);
}

/** The seq of an account's creation; `undefined` if that is too long ago to matter. */
export async function readAccountStart(reader: Reader, { collection, record }: RecordKey): Promise<number | undefined> {
  const row = await reader.first(
    sql`SELECT seq FROM _headwater_accounts WHERE collection = ${collection} AND record = ${record}`,
  );
  return row?.["seq"] as number | undefined;
}

/** Forgets accounts that are older than every cursor that is still good. */
export async function forgetAccountStarts(tx: Transaction, upTo: number): Promise<void> {
  await tx.run(sql`DELETE FROM _headwater_accounts WHERE seq <= ${upTo}`);
}
