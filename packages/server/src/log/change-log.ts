import { type CollectionId, type Epoch, epoch, type RecordId } from "@headwater/protocol";
import type { Row } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import { type Cascade, formOf, type LogEntry, type LoggedValues, type RecordKey } from "./log-entry.ts";

/** The epoch of this folder's log: a cursor of another one means nothing here. */
export async function readEpoch(reader: Reader): Promise<Epoch> {
  const row = await reader.first({ text: "SELECT value FROM _headwater WHERE key = 'epoch'", values: [] });
  return epoch(String(row?.["value"]));
}

/** The seq of the newest change; 0 if there has never been one. */
export async function readHead(reader: Reader): Promise<number> {
  // The sequence table, not max(seq): trimming may have removed the newest row, and its seq must not be used again.
  const row = await reader.first({ text: "SELECT seq FROM sqlite_sequence WHERE name = '_changes'", values: [] });
  return Number(row?.["seq"] ?? 0);
}

/** How many entries there are after this seq; `max + 1` if there are more than `max`. Their values are not read. */
export async function countAfter(reader: Reader, seq: number, max: number): Promise<number> {
  const row = await reader.first({ text: COUNT_AFTER, values: [seq, max + 1], visitCost: COUNT_COST });
  return Number(row?.["count"]);
}

const COUNT_AFTER = "SELECT count(*) AS count FROM (SELECT 1 FROM _changes WHERE seq > ? LIMIT ?)";
const COUNT_COST = 0.001;

/** Every change after this seq is still in the log. */
export async function readTrimmedTo(reader: Reader): Promise<number> {
  const row = await reader.first({ text: "SELECT min(seq) AS oldest FROM _changes", values: [] });
  const oldest = row?.["oldest"];
  return typeof oldest === "number" ? oldest - 1 : readHead(reader);
}

/** Called for a row that can't be read; it is left out of the result. */
export type OnBrokenRow = (row: BrokenRow) => void;

/** The entries after `seq` in order, at most `limit` of them; fewer only if there are no more. */
export const readEntriesAfter = (
  reader: Reader,
  seq: number,
  limit: number,
  onBrokenRow?: OnBrokenRow,
): Promise<LogEntry[]> =>
  readRows(
    seq,
    limit,
    (after, count) => reader.all({ text: AFTER, values: [after, count], stopsAfter: count }),
    onBrokenRow,
  );

export interface LogRange {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
  /** A collection whose changes are left out. */
  readonly except?: string;
}

/** The entries of a range in order; fewer than `limit` only if the range has no more. */
export const readEntryRange = (reader: Reader, { after, upTo, limit, except = "" }: LogRange): Promise<LogEntry[]> =>
  readRows(after, limit, (from, count) => reader.all({ text: RANGE, values: [from, upTo, except, count] }));

/** Reads on past broken rows: a result with fewer entries than `limit` means that there are no more. */
async function readRows(
  after: number,
  limit: number,
  read: (after: number, count: number) => Promise<Row[]>,
  onBrokenRow?: OnBrokenRow,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let from = after; entries.length < limit;) {
    const count = limit - entries.length;
    const rows = await read(from, count);
    for (const row of rows) addEntry(entries, row, onBrokenRow);
    if (rows.length < count) break;
    from = rows.at(-1)!["seq"] as number;
  }
  return entries;
}

/** Which record a change is about, without its values. */
export interface ChangedRecord extends RecordKey {
  readonly seq: number;
}

const changedRecord = (row: Row): ChangedRecord => ({
  seq: row["seq"] as number,
  collection: row["collection"] as CollectionId,
  record: row["record"] as RecordId,
});

/** Like `readEntriesAfter`, without the values. */
export async function readChangedRecords(reader: Reader, seq: number, limit: number): Promise<ChangedRecord[]> {
  const rows = await reader.all({ text: RECORDS_AFTER, values: [seq, limit] });
  return rows.map(changedRecord);
}

/** The entries of some collections after `after` and up to `upTo`, in order. */
export async function readEntriesOf(
  reader: Reader,
  collections: readonly CollectionId[],
  { after, upTo }: Pick<LogRange, "after" | "upTo">,
  onBrokenRow?: OnBrokenRow,
): Promise<LogEntry[]> {
  if (collections.length === 0) return [];
  const rows = await reader.all({ text: RANGE_OF, values: [after, upTo, JSON.stringify(collections)] });
  const entries: LogEntry[] = [];
  for (const row of rows) addEntry(entries, row, onBrokenRow);
  return entries;
}

/** The entries of one record after `seq` that hold values, in order: its updates and deletes. */
export async function readEntriesOfRecord(
  reader: Reader,
  { collection, record }: RecordKey,
  seq: number,
  limit: number,
): Promise<LogEntry[]> {
  const rows = await reader.all({ text: OF_RECORD, values: [collection, record, seq, limit], stopsAfter: limit });
  const entries: LogEntry[] = [];
  // Unlike in a range, what follows a broken row can't be used: it is not the record's next state.
  for (const row of rows) addEntry(entries, row, throwIt);
  return entries;
}

/** The first delete of a record after `seq`. */
export async function readNextDelete(
  reader: Reader,
  { collection, record }: RecordKey,
  seq: number,
): Promise<LogEntry | undefined> {
  const row = await reader.first({ text: NEXT_DELETE, values: [collection, record, seq], stopsAfter: 1 });
  return row && entryFromRow(row);
}

function throwIt(error: Error): never {
  throw error;
}

const COLUMNS = "seq, time, collection, record, action, before, after, form";
const AFTER = `SELECT ${COLUMNS} FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?`;
const RANGE = `SELECT ${COLUMNS} FROM _changes WHERE seq > ? AND seq <= ? AND collection <> ? ORDER BY seq LIMIT ?`;
const RANGE_OF = `SELECT ${COLUMNS} FROM _changes WHERE seq > ? AND seq <= ? AND collection IN (SELECT value FROM json_each(?)) ORDER BY seq`;
const RECORDS_AFTER = "SELECT seq, collection, record FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?";
/** Served by the index of the rows that hold values. */
const OF_RECORD = `SELECT ${COLUMNS} FROM _changes WHERE collection = ? AND record = ? AND before IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?`;

/** Served by the index of the deletes. */
const NEXT_DELETE = `SELECT ${COLUMNS} FROM _changes WHERE collection = ? AND record = ? AND action = 'delete' AND seq > ? ORDER BY seq LIMIT 1`;

/** A row of the log that can't be read. This program never writes one. */
export class BrokenRow extends Error {
  override readonly name = "BrokenRow";
  readonly seq: number;

  constructor({ seq, collection, record }: ChangedRecord, cause?: unknown) {
    super(`The change ${seq} of ${collection}/${record} can't be read.`, { cause });
    this.seq = seq;
  }
}

function addEntry(entries: LogEntry[], row: Row, onBrokenRow: OnBrokenRow | undefined): void {
  try {
    entries.push(entryFromRow(row));
  } catch (error) {
    onBrokenRow?.(new BrokenRow(changedRecord(row), error));
  }
}

/** @throws SyntaxError or TypeError for values that are not JSON, or not an object */
function entryFromRow(row: Row): LogEntry {
  const form = formOf(row["form"]);
  const after = parseObject(row["after"]);
  return {
    ...changedRecord(row),
    time: row["time"] as number,
    action: row["action"] as LogEntry["action"],
    form,
    before: parseObject(row["before"]) as LoggedValues | null,
    after: form === "plain" ? (after as LoggedValues | null) : null,
    cascade: form === "plain" ? undefined : ((after as Cascade | null) ?? undefined),
  };
}

function parseObject(text: unknown): object | null {
  if (typeof text !== "string") return null;
  const values: unknown = JSON.parse(text);
  if (typeof values === "object" && values !== null) return values;
  throw new TypeError("The values are not an object.");
}
