import { syncKey } from "@headwater/protocol";
import type { ClientGroup } from "./client-group.ts";
import { type Patch, putVisible } from "./patch.ts";
import { countThatFit, recordSizes } from "./record-sizes.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SyncedSet } from "./synced-collection.ts";
import { type VersionRow, type Versions, versionsAfter } from "./view-rows.ts";

export interface MissedVersions {
  /** The version that the client has after this patch: the group's, unless the patch is full. */
  readonly reached: number;
  /** Records in the group's view that are not visible now. They were not sent, so the view must drop them. */
  readonly gone: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Adds the versions of the group's view that the client lacks: it lost a response, another tab was faster, or it starts
 * over. Records are put as they are now, if they are visible now.
 *
 * @param known the version that the client has; 0 for a client that starts over, which needs no deletes
 */
export async function addMissedVersions(
  snapshot: Snapshot,
  { id, view }: ClientGroup,
  set: SyncedSet,
  { known, patch }: { readonly known: number; readonly patch: Patch },
): Promise<MissedVersions> {
  const gone = new Map<string, Set<string>>();
  let reached = known;
  while (reached < view.version && !patch.isFull) {
    const found = await versionsAfter(snapshot.reader, id, reached, patch.limits.missedRows);
    const versions = found && (await thatFit(snapshot, set, found, patch));
    if (!versions) return { reached: view.version, gone };
    for (const [name, rows] of Map.groupBy(versions.rows, (row) => row.name)) {
      const synced = set.collections.get(name);
      const inView = rows.filter((row) => !row.gone).map(({ record }) => record);
      const put = synced ? await putVisible(snapshot, synced, inView, patch) : new Set<string>();
      const hidden = inView.filter((record) => !put.has(record));
      if (hidden.length > 0) gone.set(name, new Set([...(gone.get(name) ?? []), ...hidden]));
      if (known === 0) continue;
      for (const { record } of rows) if (!put.has(record)) patch.add({ op: "del", key: syncKey(name, record) });
    }
    reached = versions.upTo;
    // Other requests run between two steps.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { reached, gone };
}

/** The first of these versions, as many as the page has room for: at least one. */
async function thatFit(
  { reader }: Snapshot,
  set: SyncedSet,
  { upTo, rows }: Versions,
  { bytes, limits }: Patch,
): Promise<Versions> {
  const sizes = new Map<VersionRow, number>();
  for (const [name, own] of Map.groupBy(rows, (row) => row.name)) {
    const collection = set.collections.get(name)?.collection;
    const inView = own.filter(({ gone }) => !gone);
    const records = inView.map(({ record }) => record);
    const known = collection && (await recordSizes(reader, collection, records));
    for (const row of inView) sizes.set(row, known?.get(row.record) ?? 0);
  }
  const count = countThatFit(
    rows.map((row) => sizes.get(row) ?? 0),
    limits.pageBytes - bytes,
  );
  const next = rows[count];
  if (!next) return { upTo, rows };
  const last = Math.max(rows[0]!.version, next.version - 1);
  return { upTo: last, rows: rows.filter(({ version }) => version <= last) };
}
