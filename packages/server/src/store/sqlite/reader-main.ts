/** A process that reads a database for another one, which ends it when a query takes too long. */
import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { setPriority } from "node:os";
import type { Row } from "../sql.ts";
import { StoreError } from "../store.ts";
import { Connection } from "./connection.ts";
import { endWithParent, openAlarm } from "../../lib/process-signals.ts";
import type { ReaderReply, ReaderRequest, ReaderSettings } from "./reader-messages.ts";

/** Rows that one message carries, and bytes after which it is sent with fewer. */
const PART_ROWS = 200;
const PART_BYTES = 256_000;
/** What serves people comes before what is known to take long. */
const NICENESS = 10;

const settings = JSON.parse(process.argv[2]!) as ReaderSettings;
endWithParent();
if (!settings.writes) setPriority(NICENESS);
const alarm = openAlarm();
const connection = new Connection(settings.path, { readonly: !settings.writes, cacheKiB: settings.cacheKiB });
if (settings.writes) connection.exec("PRAGMA wal_autocheckpoint=0");
if (settings.sortsInFiles) connection.exec("PRAGMA temp_store=FILE");

process.on("message", (request: ReaderRequest) => {
  // Beside the parent's own watch: it also holds when the parent stands still.
  alarm(settings.alarmSeconds);
  try {
    reply({ kind: "done", rows: run(request) });
  } catch (error) {
    const kind = error instanceof StoreError ? error.kind : "other";
    reply({ kind: "error", error: kind, message: error instanceof Error ? error.message : String(error) });
  }
  alarm(0);
});
process.on("disconnect", () => process.exit());

/** @returns the rows that have not been sent */
function run(request: ReaderRequest): readonly Row[] {
  if (request.kind === "all") return answer(request);
  if (request.kind === "run") return [{ changes: connection.run(request) }];
  if (request.kind === "begin") begin();
  else if (request.kind === "settle") settle();
  else if (request.kind === "commit") commit();
  else if (connection.inTransaction) connection.exec("COMMIT");
  return [];
}

function begin(): void {
  connection.exec(settings.writes ? "BEGIN IMMEDIATE" : "BEGIN");
}

/** What did not fit into the cache is in the WAL already, but perhaps not on the disk. No lock of SQLite is on that file. */
function settle(): void {
  const file = openSync(`${settings.path}-wal`, "r");
  try {
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Without a commit there is nothing that this process could go on with. */
function commit(): void {
  try {
    connection.exec("COMMIT");
  } catch {
    process.exit(1);
  }
}

/** Sends all rows but the last. */
function answer(statement: Extract<ReaderRequest, { readonly kind: "all" }>): readonly Row[] {
  if (statement.begins) begin();
  // A few small rows, which need no watch.
  if (statement.isReusable) return connection.all(statement);
  let rows: Row[] = [];
  let partBytes = 0;
  let bytes = 0;
  const send = (): void => {
    reply({ kind: "rows", rows });
    [rows, partBytes] = [[], 0];
  };
  for (const row of connection.iterate(statement)) {
    rows.push(row);
    const size = sizeOf(row);
    partBytes += size;
    bytes += size;
    if (settings.answerBytes > 0 && bytes > settings.answerBytes)
      throw new StoreError("overrun", "the answer is too large");
    if (rows.length >= PART_ROWS || partBytes >= PART_BYTES) send();
  }
  return rows;
}

function sizeOf(row: Row): number {
  let size = 16;
  for (const value of Object.values(row)) {
    size += typeof value === "string" ? value.length : value instanceof Uint8Array ? value.byteLength : 8;
  }
  return size;
}

function reply(message: ReaderReply): void {
  process.send!(message);
}
