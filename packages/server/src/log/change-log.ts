import { type CollectionId, type Epoch, epoch, type RecordId } from "@headwater/protocol";
import type { Row } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import type { Change } from "./change.ts";

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

/** Every change after this seq is still in the log. */
export async function readTrimmedTo(reader: Reader): Promise<number> {
  const row = await reader.first({ text: "SELECT min(seq) AS oldest FROM _changes", values: [] });
  const oldest = row?.["oldest"];
  return typeof oldest === "number" ? oldest - 1 : readHead(reader);
}

/** Called for a row that can't be read; it is left out of the result. */
export type OnBrokenRow = (row: BrokenRow) => void;

/** The changes after `seq` in order, at most `limit` of them; fewer only if there are no more. */
export const readChangesAfter = (
  reader: Reader,
  seq: number,
  limit: number,
  onBrokenRow?: OnBrokenRow,
): Promise<Change[]> =>
  readRows(seq, limit, (after, count) => reader.all({ text: AFTER, values: [after, count] }), onBrokenRow);

export interface ChangeRange {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
  /** A collection whose changes are left out. */
  readonly except?: string;
}

/** The changes of a range in order; fewer than `limit` only if the range has no more. */
export const readChangeRange = (reader: Reader, { after, upTo, limit, except = "" }: ChangeRange): Promise<Change[]> =>
  readRows(after, limit, (from, count) => reader.all({ text: RANGE, values: [from, upTo, except, count] }));

/** Reads on past broken rows: a result with fewer changes than `limit` means that there are no more. */
async function readRows(
  after: number,
  limit: number,
  read: (after: number, count: number) => Promise<Row[]>,
  onBrokenRow?: OnBrokenRow,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (let from = after; changes.length < limit;) {
    const count = limit - changes.length;
    const rows = await read(from, count);
    for (const row of rows) addChange(changes, row, onBrokenRow);
    if (rows.length < count) break;
    from = rows.at(-1)!["seq"] as number;
  }
  return changes;
}

/** Which record a change is about, without its values. */
export interface ChangedRecord {
  readonly seq: number;
  readonly collection: CollectionId;
  readonly record: RecordId;
}

/** Like `readChangesAfter`, without the values. */
export async function readChangedRecords(reader: Reader, seq: number, limit: number): Promise<ChangedRecord[]> {
  const rows = await reader.all({ text: RECORDS_AFTER, values: [seq, limit] });
  return rows.map((row) => ({
    seq: row["seq"] as number,
    collection: row["collection"] as CollectionId,
    record: row["record"] as RecordId,
  }));
}

/** The changes of some collections after `after` and up to `upTo`, in order. */
export async function readChangesOf(
  reader: Reader,
  collections: readonly CollectionId[],
  { after, upTo }: Pick<ChangeRange, "after" | "upTo">,
  onBrokenRow?: OnBrokenRow,
): Promise<Change[]> {
  if (collections.length === 0) return [];
  const rows = await reader.all({ text: RANGE_OF, values: [after, upTo, JSON.stringify(collections)] });
  const changes: Change[] = [];
  for (const row of rows) addChange(changes, row, onBrokenRow);
  return changes;
}

const AFTER =
  "SELECT seq, time, collection, record, action, before, after FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?";
const RANGE =
  "SELECT seq, time, collection, record, action, before, after FROM _changes WHERE seq > ? AND seq <= ? AND collection <> ? ORDER BY seq LIMIT ?";
const RANGE_OF =
  "SELECT seq, time, collection, record, action, before, after FROM _changes WHERE seq > ? AND seq <= ? AND collection IN (SELECT value FROM json_each(?)) ORDER BY seq";
const RECORDS_AFTER = "SELECT seq, collection, record FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?";

/** A row of the log that can't be parsed. This program never writes one. */
export class BrokenRow extends Error {
  override readonly name = "BrokenRow";
  readonly seq: number;

  constructor(row: Row, cause: unknown) {
    const { seq, collection, record } = row;
    super(`The change ${String(seq)} of ${String(collection)}/${String(record)} can't be read.`, { cause });
    this.seq = seq as number;
  }
}

function addChange(changes: Change[], row: Row, onBrokenRow: OnBrokenRow | undefined): void {
  try {
    changes.push(changeFromRow(row));
  } catch (error) {
    onBrokenRow?.(new BrokenRow(row, error));
  }
}

/** @throws SyntaxError or TypeError for values that are not JSON, or not an object */
const changeFromRow = (row: Row): Change =>
  ({
    seq: row["seq"] as number,
    time: row["time"] as number,
    collection: row["collection"] as CollectionId,
    record: row["record"] as RecordId,
    action: row["action"],
    before: parseValues(row["before"]),
    after: parseValues(row["after"]),
  }) as Change;

function parseValues(text: unknown): unknown {
  if (typeof text !== "string") return null;
  const values: unknown = JSON.parse(text);
  if (typeof values === "object" && values !== null) return values;
  throw new TypeError("The values are not an object.");
}
