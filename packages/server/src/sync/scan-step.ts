import type { Scan } from "./client-group.ts";
import { type Patch, putVisible } from "./patch.ts";
import { countThatFit, recordSizes } from "./record-sizes.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SyncedCollection } from "./synced-collection.ts";
import { viewRecordsAfter } from "./view-rows.ts";
import { visibleIdsAfter } from "./visible-ids.ts";

/** What one step of a scan compares. */
export interface ScanStep {
  /** The row id of the client group. */
  readonly group: number;
  readonly synced: SyncedCollection;
  readonly scan: Scan;
  readonly patch: Patch;
  /** Whether the patch already has the record. */
  readonly isPut: (id: string) => boolean;
}

export interface ScanStepResult {
  /** Where the next step continues; `undefined` when the collection is done. */
  readonly rest: Scan | undefined;
  readonly put: ReadonlySet<string>;
  readonly gone: readonly string[];
}

/**
 * Continues a scan in the order of ids: a record that the requester may list and the group lacks is put, one that the
 * group has and the requester may not list is gone.
 */
export async function runScanStep(
  snapshot: Snapshot,
  { group, synced, scan: { after, since }, patch, isPut }: ScanStep,
): Promise<ScanStepResult> {
  const { scanStep } = patch.limits;
  const { name } = synced.collection;
  const visible = await visibleIdsAfter(snapshot, synced, after, scanStep);
  const inView = await viewRecordsAfter(snapshot.reader, { group, name, after, limit: scanStep });
  // A step ends where the shorter of the two lists ends, or earlier if the page has no room for all it would put.
  const last = smaller(endOf(visible, scanStep), endOf([...inView.keys()], scanStep));
  const missing = visible.filter((id) => isUpTo(id, last) && !isPut(id) && (inView.get(id) ?? -1) < since);
  const likely = missing.slice(0, roomIn(patch));
  const sizes = await recordSizes(snapshot.reader, synced.collection, likely);
  const room = patch.limits.pageBytes - patch.bytes;
  const now = likely.slice(
    0,
    countThatFit(
      likely.map((id) => sizes.get(id) ?? 0),
      room,
    ),
  );
  const end = now.length < missing.length ? now.at(-1) : last;
  const put = await putVisible(snapshot, synced, now, patch);
  const seen = new Set(visible);
  const gone = [...inView.keys()].filter((id) => !seen.has(id) && isUpTo(id, end));
  return { rest: end === undefined ? undefined : { after: end, since }, put, gone };
}

/** The last id of a list that may continue; `undefined` for a complete one. */
const endOf = (ids: readonly string[], limit: number): string | undefined =>
  ids.length < limit ? undefined : ids.at(-1);

const smaller = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;

const isUpTo = (id: string, end: string | undefined): boolean => end === undefined || id <= end;

/** How many records to put at once: as many as fit into the page, by the average size so far. */
function roomIn({ bytes, operations, limits }: Patch): number {
  if (operations.length === 0) return limits.firstPuts;
  const size = bytes / operations.length;
  return Math.max(1, Math.min(limits.scanStep, Math.ceil((limits.pageBytes - bytes) / size)));
}
