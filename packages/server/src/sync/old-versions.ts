import { syncKey } from "@headwater/protocol";
import type { RecordContext } from "../records/model/record-context.ts";
import type { Reader } from "../store/store.ts";
import type { ClientGroup } from "./client-group.ts";
import { type Patch, putVisible } from "./patch.ts";
import type { SyncedSet } from "./synced-collection.ts";
import { versionsAfter } from "./view-rows.ts";

/** How far a client was told, and what its group has no more. */
export interface Told {
  /** The version that the client has then: the group's, unless the patch is full. */
  readonly reached: number;
  /** Records that the group was given and that may not be seen now: it must be noted that the client was not. */
  readonly gone: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Gives a client the versions of its group's view that it has not: its answer was lost, another tab was faster, or it
 * knows nothing at all. Records are put as they are now, if they may be seen now.
 *
 * @param told the version that the client has; 0 for none, and then nothing need be deleted
 */
export async function tellVersions(
  reader: Reader,
  context: RecordContext,
  { id, view }: ClientGroup,
  set: SyncedSet,
  told: number,
  patch: Patch,
): Promise<Told> {
  const gone = new Map<string, Set<string>>();
  let reached = told;
  while (reached < view.version && !patch.isFull) {
    const versions = await versionsAfter(reader, id, reached, patch.sizes.told);
    if (!versions) return { reached: view.version, gone };
    for (const [name, rows] of Map.groupBy(versions.rows, (row) => row.name)) {
      const synced = set.collections.get(name);
      const held = rows.filter((row) => !row.gone).map(({ record }) => record);
      const put = synced ? await putVisible(reader, context, synced, held, patch) : new Set<string>();
      const lost = held.filter((record) => !put.has(record));
      if (lost.length > 0) gone.set(name, new Set([...(gone.get(name) ?? []), ...lost]));
      if (told === 0) continue;
      for (const { record } of rows) if (!put.has(record)) patch.add({ op: "del", key: syncKey(name, record) });
    }
    reached = versions.upTo;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { reached, gone };
}
