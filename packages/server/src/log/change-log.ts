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

/** Told of a row of the log that can't be read: everyone goes on without it. */
export type OnBroken = (row: BrokenRow) => void;

/** The changes behind `seq` in their order, at most `limit` of them; fewer if there are no more. */
export const readAfter = (reader: Reader, seq: number, limit: number, onBroken?: OnBroken): Promise<Change[]> =>
  readChanges(seq, limit, (after, wanted) => reader.all({ text: AFTER, values: [after, wanted] }), onBroken);

/**
 * The changes above `after` and up to `upTo`, in their order, at most `limit` of them; fewer if there are no more.
 *
 * @param without a collection whose changes the reader has no use for
 */
export const readSpan = (reader: Reader, after: number, upTo: number, limit: number, without = ""): Promise<Change[]> =>
  readChanges(after, limit, (from, wanted) => reader.all({ text: SPAN, values: [from, upTo, without, wanted] }));

/** Reads on where rows can't be read: fewer changes than were asked for say that there are no more. */
async function readChanges(
  after: number,
  limit: number,
  read: (after: number, wanted: number) => Promise<Row[]>,
  onBroken?: OnBroken,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (let from = after; changes.length < limit;) {
    const wanted = limit - changes.length;
    const rows = await read(from, wanted);
    for (const row of rows) addChange(changes, row, onBroken);
    if (rows.length < wanted) break;
    from = rows.at(-1)!["seq"] as number;
  }
  return changes;
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
  onBroken?: OnBroken,
): Promise<Change[]> {
  if (collections.length === 0) return [];
  const rows = await reader.all({ text: SPAN_OF, values: [after, upTo, JSON.stringify(collections)] });
  const changes: Change[] = [];
  for (const row of rows) addChange(changes, row, onBroken);
  return changes;
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

/** A row of the log that no change can be made of: this program never writes one. */
export class BrokenRow extends Error {
  override readonly name = "BrokenRow";
  readonly seq: number;

  constructor(row: Row, cause: unknown) {
    const { seq, collection, record } = row;
    super(`The change ${String(seq)} of ${String(collection)}/${String(record)} can't be read.`, { cause });
    this.seq = seq as number;
  }
}

function addChange(changes: Change[], row: Row, onBroken: OnBroken | undefined): void {
  try {
    changes.push(changeFromRow(row));
  } catch (error) {
    onBroken?.(new BrokenRow(row, error));
  }
}

/** @throws SyntaxError or TypeError for values that are no JSON, or no object */
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
  throw new TypeError("The values are no object.");
}
