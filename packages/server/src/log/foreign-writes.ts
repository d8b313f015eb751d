import type { CollectionId, RecordId } from "@headwater/protocol";
import { randomId } from "../lib/random.ts";
import { formNumber } from "./log-entry.ts";
import { sql } from "../store/sql.ts";
import type { Reader, Transaction, WriteBracket } from "../store/store.ts";

/**
 * Says inside of our transactions that they are ours: what is committed always says no. The row is in SQLite's own table of
 * sequences, which each change of the log writes anyway.
 */
export const OWN_WRITES: WriteBracket = {
  begin: "UPDATE sqlite_sequence SET seq = 1 WHERE name = '_headwater_own'",
  end: "UPDATE sqlite_sequence SET seq = 0 WHERE name = '_headwater_own'",
};

const IS_FOREIGN = "(SELECT seq FROM sqlite_sequence WHERE name = '_headwater_own') IS NOT 1";
const NOTE = "INSERT OR IGNORE INTO _headwater (key, value) VALUES ('foreign', '1')";
const IS_OURS = "type IN ('table', 'view') AND (name = '_collections' OR name IN (SELECT name FROM main._collections))";
const EVENTS = ["INSERT", "UPDATE", "DELETE"] as const;
const PREFIX = "_headwater_guard_";

/** Is the folder one that notices foreign writes? */
export async function isGuarded(reader: Reader): Promise<boolean> {
  const has = await reader.first(sql`SELECT 1 FROM sqlite_master WHERE name = '_headwater_marks'`);
  return has !== undefined;
}

/**
 * Gives each collection's table triggers that note what any other program writes: a stock PocketBase in the same folder,
 * or an SQL shell. It writes without the log, so clients must read everything again.
 */
export async function guardTables(tx: Transaction): Promise<void> {
  const rows = await tx.all(sql`
    SELECT name FROM sqlite_master WHERE type = 'table'
      AND (name = '_collections' OR name IN (SELECT name FROM _collections WHERE type <> 'view'))
      AND name NOT IN (SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name GLOB ${`${PREFIX}*`})`);
  for (const { name } of rows) {
    const table = quoted(String(name));
    for (const event of EVENTS) {
      const trigger = quoted(`${PREFIX}${event.toLowerCase()}_${randomId()}`);
      const text = `CREATE TRIGGER ${trigger} AFTER ${event} ON ${table} WHEN ${IS_FOREIGN} BEGIN ${NOTE}; END`;
      await tx.run({ text, values: [] });
    }
  }
}

/** @returns whether another program has written to the folder since the last call */
export async function takeForeignWrites(tx: Transaction): Promise<boolean> {
  await tx.run({ text: COMPARE_INDEXES, values: [] });
  return (await tx.run(sql`DELETE FROM _headwater WHERE key = 'foreign'`)) > 0;
}

/** Other programs don't keep up the search indexes: every row is compared again, from before the first row id. */
const COMPARE_INDEXES = `UPDATE main._headwater_search SET position = ${Number.MIN_SAFE_INTEGER}
  WHERE EXISTS (SELECT 1 FROM main._headwater WHERE key = 'foreign')`;

/** What a script that another process runs for this one must leave alone, and how it notes what no trigger notices. */
export const SCRIPT_GUARD = {
  protectedPrefixes: ["_changes", "_headwater", "_sync_", "_tasks"],
  triggerPrefix: PREFIX,
  // A script may have temporary tables of the same names.
  shape: `SELECT name, sql FROM main.sqlite_schema WHERE ${IS_OURS} ORDER BY name`,
  afterShapeChange: NOTE.replace("_headwater", "main._headwater"),
} as const;

/** Statements that turn the note of a script into a change of the log, in its transaction. */
export const logForeignWrites = (collection: CollectionId, record: RecordId): readonly string[] => [
  `INSERT INTO main._changes (time, collection, record, action, before, after, form)
    SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), '${collection}', '${record}', 'update', '{}', '{}', ${formNumber("plain")}
    FROM main._headwater WHERE key = 'foreign'`,
  COMPARE_INDEXES,
  "DELETE FROM main._headwater WHERE key = 'foreign'",
];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
