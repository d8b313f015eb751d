import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { toText } from "../../lib/text/coerce.ts";
import { readEntriesOfRecord, readNextDelete } from "../../log/change-log.ts";
import type { LogEntry } from "../../log/log-entry.ts";
import { sql } from "../../store/sql.ts";
import { type Reader, StoreError } from "../../store/store.ts";
import { anyOf } from "../query/find-record.ts";
import { hasColumnsOf, imageOfRow, remains, undo, wholeImage, withRest } from "./image.ts";
import { keptFields } from "./kept-fields.ts";

/** How changes are read. */
export interface ChangeView {
  /** The collections as the snapshot has them. One that another process has just changed is found out and read again. */
  readonly stored: Schema;
  /** The collections whose fields the changes get; those of the snapshot if left out. */
  readonly shape?: Schema;
  /**
   * `all` gives every change its values, for followers of the log. `present` is for clients that reconnect: of a record
   * that has been deleted since, all changes have only what rules read.
   */
  readonly show: "all" | "present";
}

/** A record at a place in the log. */
export type State =
  /** It is not stored there. */
  | { readonly kind: "none" }
  | { readonly kind: "values"; readonly values: RecordValues }
  /** It has been deleted since: what is left of it. */
  | { readonly kind: "rest"; readonly values: RecordValues };

export const NONE: State = { kind: "none" };

/** The tables are not as the schema says: another process has changed a collection. */
export class StaleSchema extends Error {
  override readonly name = "StaleSchema";
}

/** The state before an entry of the record, from the one after it. */
export function stateBefore(view: ChangeView, collection: Collection, entry: LogEntry, after: State): State {
  if (entry.action === "create") return NONE;
  if (entry.action === "update") {
    if (after.kind === "values") return { kind: "values", values: undo(collection, after.values, entry) };
    if (after.kind === "none") return after;
    return { kind: "rest", values: withRest(collection, after.values, entry, keptFields(view.stored, collection)) };
  }
  return view.show === "all" && entry.form === "whole"
    ? { kind: "values", values: wholeImage(collection, entry) }
    : { kind: "rest", values: remains(collection, entry, keptFields(view.stored, collection)) };
}

/** The state before an entry that says all of it, whatever it was afterwards. */
const stateBeforeEnd = (view: ChangeView, collection: Collection, end: LogEntry): State =>
  end.action === "update"
    ? { kind: "values", values: wholeImage(collection, end) }
    : stateBefore(view, collection, end, NONE);

/** Entries that one read takes of a record that changes often. */
const ENTRIES_PER_READ = 64;

/** The updates of a record after an entry, and what says what it was after them. */
interface Later {
  readonly entry: LogEntry;
  readonly updates: readonly LogEntry[];
  /** An entry that needs no later state; `undefined` if the record is stored. */
  readonly end: LogEntry | undefined;
}

/**
 * The state of each record right after an entry, which is the last one of that record that is known.
 *
 * @param isEnd there are no later entries
 */
export async function nextStates(
  reader: Reader,
  view: ChangeView,
  entries: readonly LogEntry[],
  isEnd: boolean,
): Promise<ReadonlyMap<LogEntry, State>> {
  const states = new Map<LogEntry, State>();
  const stored: Later[] = [];
  for (const entry of entries) {
    if (entry.action === "delete") {
      states.set(entry, NONE);
      continue;
    }
    const later = isEnd ? { entry, updates: [], end: undefined } : await readLater(reader, view, entry);
    if (!later.end) stored.push(later);
    else {
      const collection = view.stored.find(entry.collection)!;
      states.set(entry, undoAll(view, collection, later, stateBeforeEnd(view, collection, later.end)));
    }
  }
  for (const [id, laters] of Map.groupBy(stored, ({ entry }) => entry.collection)) {
    const collection = view.stored.find(id)!;
    const ids = laters.map(({ entry }) => entry.record);
    const rows = await readImages(reader, collection, ids);
    for (const later of laters) {
      const values = rows.get(later.entry.record);
      states.set(later.entry, values ? undoAll(view, collection, later, { kind: "values", values }) : NONE);
    }
  }
  return states;
}

async function readLater(reader: Reader, { show }: ChangeView, entry: LogEntry): Promise<Later> {
  const gone = show === "present" ? await readNextDelete(reader, entry, entry.seq) : undefined;
  const updates: LogEntry[] = [];
  for (let { seq } = entry; ;) {
    const read = await readEntriesOfRecord(reader, entry, seq, ENTRIES_PER_READ);
    for (const later of read) {
      const isEnd = later.action === "delete" || (later.form === "whole" && !gone);
      if (isEnd) return { entry, updates, end: later };
      updates.push(later);
    }
    if (read.length < ENTRIES_PER_READ) return { entry, updates, end: undefined };
    seq = read.at(-1)!.seq;
  }
}

const undoAll = (view: ChangeView, collection: Collection, { updates }: Later, last: State): State =>
  updates.reduceRight((state, update) => stateBefore(view, collection, update, state), last);

/** @throws StaleSchema if the table is not as the collection says */
async function readImages(
  reader: Reader,
  collection: Collection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RecordValues>> {
  try {
    const rows = await reader.all(sql`SELECT * FROM ${sql.id(collection.name)} WHERE id IN ${anyOf(ids)}`);
    if (rows[0] && !hasColumnsOf(collection, rows[0])) throw new StaleSchema();
    return new Map(rows.map((row) => [toText(row["id"] ?? ""), imageOfRow(collection, row)]));
  } catch (error) {
    if (error instanceof StoreError && error.kind === "invalid") throw new StaleSchema(undefined, { cause: error });
    throw error;
  }
}
