import { syncKey } from "@headwater/protocol";
import type { RecordContext } from "../records/record-context.ts";
import type { Reader } from "../store/store.ts";
import type { ClientGroup } from "./client-group.ts";
import { type Patch, putVisible } from "./patch.ts";
import type { SyncedSet } from "./synced.ts";
import { versionsAfter } from "./view-rows.ts";

/**
 * Gives a client the versions of its group's view that it has not: its answer was lost, another tab was faster, or it
 * knows nothing at all. Records are put as they are now, if they may be seen now; what has left the view since is
 * told by the versions to come.
 *
 * @param told the version that the client has; 0 for none, and then nothing need be deleted
 * @returns the version that it has then: the group's, unless the patch is full
 */
export async function tellVersions(
  reader: Reader,
  context: RecordContext,
  { id, view }: ClientGroup,
  set: SyncedSet,
  told: number,
  patch: Patch,
): Promise<number> {
  let reached = told;
  while (reached < view.version && !patch.isFull) {
    const versions = await versionsAfter(reader, id, reached, patch.sizes.told);
    if (!versions) return view.version;
    for (const [name, rows] of Map.groupBy(versions.rows, (row) => row.name)) {
      const synced = set.collections.get(name);
      const held = rows.filter(({ gone }) => !gone).map(({ record }) => record);
      if (synced) await putVisible(reader, context, synced, held, patch);
      if (told === 0) continue;
      for (const { record, gone } of rows) if (gone) patch.add({ op: "del", key: syncKey(name, record) });
    }
    reached = versions.upTo;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return reached;
}
