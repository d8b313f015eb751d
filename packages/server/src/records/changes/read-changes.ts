import type { CollectionId, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { loadSchema } from "../../collections/model/registry.ts";
import type { Change } from "../../log/change.ts";
import {
  BrokenRow,
  type LogRange,
  type OnBrokenRow,
  readEntriesAfter,
  readEntriesOf,
  readEntriesOfRecord,
  readEntryRange,
} from "../../log/change-log.ts";
import type { LogEntry, RecordKey } from "../../log/log-entry.ts";
import type { Reader, SnapshotReader } from "../../store/store.ts";
import { reshape } from "./image.ts";
import { type ChangeView, nextStates, NONE, StaleSchema, type State, stateBefore } from "./next-state.ts";

export type { ChangeView } from "./next-state.ts";

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

/** The most changes of one record that `readChangesOfRecord` returns. */
const MAX_OF_RECORD = 500;

/** The updates and the delete of one record in a range, oldest first. Cheap if there are none. */
export async function readChangesOfRecord(
  store: SnapshotReader,
  view: ChangeView,
  key: RecordKey,
  { after, upTo }: Pick<LogRange, "after" | "upTo">,
): Promise<Change[]> {
  const some = await readEntriesOfRecord(store, key, after, 1);
  if (some.length === 0) return [];
  return store.read(async (reader) => {
    const entries = await readEntriesOfRecord(reader, key, after, MAX_OF_RECORD);
    return toChanges(
      reader,
      view,
      entries.filter(({ seq }) => seq <= upTo),
      false,
    );
  });
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
  const changes = new Map<number, Change>();
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
    const next = states.get(history.at(-1)!) ?? NONE;
    for (const [entry, change] of replayBackwards(view, collection, history, next)) {
      if (change) changes.set(entry.seq, change);
      else onBrokenRow?.(new BrokenRow(entry));
    }
  }
  return entries.map(({ seq }) => changes.get(seq)).filter((change) => change !== undefined);
}

/** From the newest entry of one record to its oldest, each with its change. */
function* replayBackwards(
  view: ChangeView,
  collection: Collection,
  history: readonly LogEntry[],
  next: State,
): Generator<[LogEntry, Change | undefined]> {
  const shape = (view.shape ?? view.stored).find(collection.id) ?? collection;
  const valuesOf = (state: State): RecordValues | null =>
    state.kind === "none" ? null : reshape(collection, shape, state.values, state.kind === "rest");
  let after = next;
  let valuesAfter = valuesOf(after);
  for (const entry of history.toReversed()) {
    const before = stateBefore(view, collection, entry, after);
    const valuesBefore = valuesOf(before);
    const isErased = before.kind === "rest" || after.kind === "rest";
    yield [entry, changeOf(entry, valuesBefore, valuesAfter, isErased)];
    [after, valuesAfter] = [before, valuesBefore];
  }
}

/** `undefined` if the record is not there although nobody deleted it. */
function changeOf(
  { seq, time, collection, record, action, cascade }: LogEntry,
  before: RecordValues | null,
  after: RecordValues | null,
  isErased: boolean,
): Change | undefined {
  const base = { seq, time, collection, record, ...(isErased && { isErased }) };
  switch (action) {
    case "create":
      return after ? { ...base, action, before: null, after } : undefined;
    case "update":
      return before && after ? { ...base, action, before, after } : undefined;
    case "delete":
      return before ? { ...base, action, before, after: null, ...(cascade && { cascade }) } : undefined;
  }
}

const plainChange = ({ seq, time, collection, record, action, before, after }: LogEntry): Change =>
  ({ seq, time, collection, record, action, before, after }) as Change;

/** A change of a collection that is gone, as are its records: it only has a place in the log. */
function emptyChange({ seq, time, collection, record, action }: LogEntry): Change {
  const values: RecordValues = { id: record };
  const sides = { before: action === "create" ? null : values, after: action === "delete" ? null : values };
  return { seq, time, collection, record, action, ...sides } as Change;
}
