import type { CollectionId, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { loadSchema } from "../../collections/model/registry.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { Change } from "../../log/change.ts";
import {
  BrokenRow,
  type LogRange,
  type OnBrokenRow,
  readEntriesAfter,
  readEntriesOf,
  readEntryRange,
} from "../../log/change-log.ts";
import type { LogEntry } from "../../log/log-entry.ts";
import type { Reader } from "../../store/store.ts";
import { remains, reshape, undo, wholeImage } from "./image.ts";
import { keptFields } from "./kept-fields.ts";
import { nextStates, type NextState, StaleSchema } from "./next-state.ts";

/** How changes are read. */
export interface ChangeView {
  /** The collections as the snapshot has them. One that another process has just changed is found out and read again. */
  readonly stored: Schema;
  /** The collections whose fields the changes get; those of the snapshot if left out. */
  readonly shape?: Schema;
  /**
   * `all` gives every change its values, for those who follow the log. `present` is for those who come back: a record that
   * has been deleted since has no earlier changes, and its delete has only what rules read.
   */
  readonly show: "all" | "present";
}

/** The changes after `seq` in order, at most `limit` of them; fewer only if there are no more. Reads one snapshot. */
export function readChangesAfter(
  reader: Reader,
  view: ChangeView,
  seq: number,
  limit: number,
  onBrokenRow?: OnBrokenRow,
): Promise<Change[]> {
  return readUntilFull(seq, limit, async (after, count) => {
    const entries = await readEntriesAfter(reader, after, count, onBrokenRow);
    return { entries, changes: await toChanges(reader, view, entries, entries.length < count, onBrokenRow) };
  });
}

/** The changes of a range in order; fewer than `limit` only if the range has no more. Reads one snapshot. */
export function readChangeRange(reader: Reader, view: ChangeView, range: LogRange): Promise<Change[]> {
  return readUntilFull(range.after, range.limit, async (after, limit) => {
    const entries = await readEntryRange(reader, { ...range, after, limit });
    return { entries, changes: await toChanges(reader, view, entries, false) };
  });
}

/** The changes of some collections in a range. Reads one snapshot. */
export async function readChangesOf(
  reader: Reader,
  view: ChangeView,
  collections: readonly CollectionId[],
  range: Pick<LogRange, "after" | "upTo">,
  onBrokenRow?: OnBrokenRow,
): Promise<Change[]> {
  const entries = await readEntriesOf(reader, collections, range, onBrokenRow);
  return toChanges(reader, view, entries, false, onBrokenRow);
}

/** Some entries give no change: a result with fewer changes than `limit` still means that there are no more. */
async function readUntilFull(
  seq: number,
  limit: number,
  read: (
    after: number,
    count: number,
  ) => Promise<{ readonly entries: readonly LogEntry[]; readonly changes: Change[] }>,
): Promise<Change[]> {
  const found: Change[] = [];
  for (let after = seq; found.length < limit;) {
    const count = limit - found.length;
    const { entries, changes } = await read(after, count);
    found.push(...changes);
    if (entries.length < count) break;
    after = entries.at(-1)!.seq;
  }
  return found;
}

/** @param isEnd the entries are the newest of the log */
async function toChanges(
  reader: Reader,
  view: ChangeView,
  entries: readonly LogEntry[],
  isEnd: boolean,
  onBrokenRow?: OnBrokenRow,
): Promise<Change[]> {
  try {
    return await resolveEntries(reader, view, entries, isEnd, onBrokenRow);
  } catch (error) {
    if (!(error instanceof StaleSchema)) throw error;
    const stored = await loadSchema(reader);
    return resolveEntries(reader, { shape: view.stored, ...view, stored }, entries, isEnd, onBrokenRow);
  }
}

async function resolveEntries(
  reader: Reader,
  view: ChangeView,
  entries: readonly LogEntry[],
  isEnd: boolean,
  onBrokenRow: OnBrokenRow | undefined,
): Promise<Change[]> {
  const changes = new Map<number, Change | undefined>();
  const histories = new Map<string, LogEntry[]>();
  for (const entry of entries) {
    if (entry.form === "plain") changes.set(entry.seq, plainChange(entry));
    else if (view.stored.find(entry.collection)) {
      const key = `${entry.collection}/${entry.record}`;
      const history = histories.get(key);
      if (history) history.push(entry);
      else histories.set(key, [entry]);
    } else if (view.show === "all") changes.set(entry.seq, emptyChange(entry));
  }
  const states = await nextStates(
    reader,
    view,
    [...histories.values()].map((history) => history.at(-1)!),
    isEnd,
  );
  for (const history of histories.values()) {
    const collection = view.stored.find(history[0]!.collection)!;
    const next = states.get(history.at(-1)!) ?? "none";
    for (const [entry, change] of replayBackwards(view, collection, history, next)) {
      if (change === "unknown") onBrokenRow?.(new BrokenRow(entry));
      else changes.set(entry.seq, change);
    }
  }
  return entries.map(({ seq }) => changes.get(seq)).filter((change) => change !== undefined);
}

/** From the newest entry of one record to its oldest, each with its change; `undefined` for one that was erased. */
function* replayBackwards(
  view: ChangeView,
  collection: Collection,
  history: readonly LogEntry[],
  next: NextState,
): Generator<[LogEntry, Change | "unknown" | undefined]> {
  const shape = (view.shape ?? view.stored).find(collection.id) ?? collection;
  let after = next;
  for (const entry of history.toReversed()) {
    const before = stateBefore(view, collection, entry, after);
    yield [entry, changeOf(view, collection, shape, entry, before, after)];
    after = before;
  }
}

/** The record's state before an entry, from its state after it. */
function stateBefore({ show }: ChangeView, collection: Collection, entry: LogEntry, after: NextState): NextState {
  if (entry.action === "create") return "none";
  if (entry.action === "delete") {
    return show === "present" || entry.form === "changed" ? "erased" : wholeImage(collection, entry);
  }
  if (typeof after === "string") return after;
  return entry.before === null ? "erased" : undo(collection, after, entry);
}

function changeOf(
  { stored }: ChangeView,
  collection: Collection,
  shape: Collection,
  entry: LogEntry,
  before: NextState,
  after: NextState,
): Change | "unknown" | undefined {
  const { seq, time, collection: id, record, action } = entry;
  const base = { seq, time, collection: id, record };
  if (action === "delete") {
    const { cascade } = entry;
    if (typeof before !== "string")
      return { ...base, action, before: reshape(collection, shape, before), after: null, cascade };
    const left = reshape(collection, shape, remains(collection, entry, keptFields(stored, collection)), true);
    return { ...base, action, before: left, after: null, isErased: true, cascade };
  }
  if (after === "erased" || before === "erased") return undefined;
  if (typeof after === "string") return "unknown";
  const values = reshape(collection, shape, after);
  if (action === "create") return { ...base, action, before: null, after: values };
  if (typeof before === "string") return "unknown";
  return { ...base, action, before: reshape(collection, shape, before), after: values };
}

const plainChange = ({ seq, time, collection, record, action, before, after }: LogEntry): Change =>
  ({ seq, time, collection, record, action, before, after }) as Change;

/** A change of a collection that is gone, as are its records: it only has a place in the log. */
function emptyChange({ seq, time, collection, record, action }: LogEntry): Change {
  const values: RecordValues = { id: record };
  const sides = { before: action === "create" ? null : values, after: action === "delete" ? null : values };
  return { seq, time, collection, record, action, ...sides } as Change;
}
