import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { toText } from "../../lib/coerce.ts";
import { readEntriesOfRecord } from "../../log/change-log.ts";
import type { LogEntry } from "../../log/log-entry.ts";
import { sql } from "../../store/sql.ts";
import { type Reader, StoreError } from "../../store/store.ts";
import { anyOf } from "../query/find-record.ts";
import { hasColumnsOf, imageOfRow, undo, wholeImage } from "./image.ts";

/**
 * A record at a place in the log: its values, `none` if it is not stored there, `erased` if it has been deleted since, and
 * its values with it.
 */
export type NextState = RecordValues | "none" | "erased";

/** The tables are not as the schema says: another process has changed a collection. */
export class StaleSchema extends Error {
  override readonly name = "StaleSchema";
}

/** Entries that one read takes of a record that changes often. */
const ENTRIES_PER_READ = 64;

/** Later entries of a record, oldest first, up to the first one that needs no later state. */
interface Later {
  readonly entry: LogEntry;
  readonly updates: readonly LogEntry[];
  /** The entry that says what the record was after these updates; `undefined` if that is the stored row. */
  readonly end: LogEntry | undefined;
}

/**
 * The state of each record right after an entry, which is the last one of that record that is known.
 *
 * @param isEnd there are no later entries
 */
export async function nextStates(
  reader: Reader,
  { stored, show }: { readonly stored: Schema; readonly show: "all" | "present" },
  entries: readonly LogEntry[],
  isEnd: boolean,
): Promise<ReadonlyMap<LogEntry, NextState>> {
  const states = new Map<LogEntry, NextState>();
  const fromRows: Later[] = [];
  for (const entry of entries) {
    if (entry.action === "delete") {
      states.set(entry, "none");
      continue;
    }
    const later = isEnd ? { entry, updates: [], end: undefined } : await readLater(reader, entry);
    const { updates, end } = later;
    const isErased =
      updates.some(({ before }) => before === null) ||
      (end?.action === "delete" && (end.form === "changed" || show === "present"));
    if (isErased) states.set(entry, "erased");
    else if (end) {
      const collection = stored.find(entry.collection)!;
      states.set(entry, undoAll(collection, wholeImage(collection, end), updates));
    } else fromRows.push(later);
  }
  for (const [id, laters] of Map.groupBy(fromRows, ({ entry }) => entry.collection)) {
    const collection = stored.find(id)!;
    const rows = await readImages(
      reader,
      collection,
      laters.map(({ entry }) => entry.record),
    );
    for (const { entry, updates } of laters) {
      const row = rows.get(entry.record);
      states.set(entry, row ? undoAll(collection, row, updates) : "none");
    }
  }
  return states;
}

async function readLater(reader: Reader, entry: LogEntry): Promise<Later> {
  const updates: LogEntry[] = [];
  for (let { seq } = entry; ;) {
    const read = await readEntriesOfRecord(reader, entry, seq, ENTRIES_PER_READ);
    for (const later of read) {
      if (later.action === "delete" || later.form === "whole") return { entry, updates, end: later };
      updates.push(later);
    }
    if (read.length < ENTRIES_PER_READ) return { entry, updates, end: undefined };
    seq = read.at(-1)!.seq;
  }
}

const undoAll = (collection: Collection, last: RecordValues, updates: readonly LogEntry[]): RecordValues =>
  updates.reduceRight((values, update) => undo(collection, values, update), last);

/** @throws StaleSchema if the table is not as the collection says */
async function readImages(
  reader: Reader,
  collection: Collection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RecordValues>> {
  try {
    const rows = await reader.all(sql`SELECT * FROM ${sql.table(collection.name)} WHERE id IN ${anyOf(ids)}`);
    if (rows[0] && !hasColumnsOf(collection, rows[0])) throw new StaleSchema();
    return new Map(rows.map((row) => [toText(row["id"] ?? ""), imageOfRow(collection, row)]));
  } catch (error) {
    if (error instanceof StoreError && error.kind === "invalid") throw new StaleSchema(undefined, { cause: error });
    throw error;
  }
}
