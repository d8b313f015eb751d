import { type Epoch, epoch, type RecordId, type CollectionId } from "@headwater/protocol";
import type { Row } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import type { Change } from "./change.ts";

/** Which life of the log this folder is in. */
export async function readEpoch(reader: Reader): Promise<Epoch> {
  const row = await reader.first({ text: "SELECT value FROM _headwater WHERE key = 'epoch'", values: [] });
  return epoch(String(row?.["value"]));
}

/** The seq of the newest change; 0 when there never was one. */
export async function readHead(reader: Reader): Promise<number> {
  // The sequence table, not max(seq): trimming may have taken the newest row, and its seq must not come back.
  const row = await reader.first({ text: "SELECT seq FROM sqlite_sequence WHERE name = '_changes'", values: [] });
  return Number(row?.["seq"] ?? 0);
}

/** The changes behind `seq` in their order, at most `limit` of them. */
export async function readAfter(reader: Reader, seq: number, limit: number): Promise<Change[]> {
  const rows = await reader.all({ text: AFTER, values: [seq, limit] });
  return rows.map(changeFromRow);
}

/**
 * The changes above `after` and up to `upTo`, in their order, at most `limit` of them.
 *
 * @param without a collection whose changes the reader has no use for
 */
export async function readSpan(
  reader: Reader,
  after: number,
  upTo: number,
  limit: number,
  without = "",
): Promise<Change[]> {
  const rows = await reader.all({ text: SPAN, values: [after, upTo, without, limit] });
  return rows.map(changeFromRow);
}

/** Which record a change is of, without its values. */
export interface TouchedRecord {
  readonly seq: number;
  readonly collection: CollectionId;
  readonly record: RecordId;
}

/** As `readAfter`, without the values. */
export async function readTouched(reader: Reader, seq: number, limit: number): Promise<TouchedRecord[]> {
  const rows = await reader.all({ text: TOUCHED, values: [seq, limit] });
  return rows.map((row) => ({
    seq: row["seq"] as number,
    collection: row["collection"] as CollectionId,
    record: row["record"] as RecordId,
  }));
}

/** The changes of some collections above `after` and up to `upTo`, in their order. */
export async function readSpanOf(
  reader: Reader,
  after: number,
  upTo: number,
  collections: readonly CollectionId[],
): Promise<Change[]> {
  if (collections.length === 0) return [];
  const rows = await reader.all({ text: SPAN_OF, values: [after, upTo, JSON.stringify(collections)] });
  return rows.map(changeFromRow);
}

/** Every change above this seq is still in the log. */
export async function readFloor(reader: Reader): Promise<number> {
  const row = await reader.first({ text: "SELECT min(seq) AS oldest FROM _changes", values: [] });
  const oldest = row?.["oldest"];
  return typeof oldest === "number" ? oldest - 1 : readHead(reader);
}

const SPAN =
  "SELECT seq, time, collection, record, action, before, after FROM _changes WHERE seq > ? AND seq <= ? AND collection <> ? ORDER BY seq LIMIT ?";
const AFTER =
  "SELECT seq, time, collection, record, action, before, after FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?";

const TOUCHED = "SELECT seq, collection, record FROM _changes WHERE seq > ? ORDER BY seq LIMIT ?";
const SPAN_OF =
  "SELECT seq, time, collection, record, action, before, after FROM _changes WHERE seq > ? AND seq <= ? AND collection IN (SELECT value FROM json_each(?)) ORDER BY seq";

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

const parseValues = (text: unknown): unknown => (typeof text === "string" ? JSON.parse(text) : null);
