import { reviseForSchema, revisePrincipal } from "../auth/revise-principal.ts";
import { COLLECTIONS } from "../collections/model/change-of-collection.ts";
import { loadSchema, type Registry } from "../collections/model/registry.ts";
import type { Folder } from "./folder.ts";
import type { Hub } from "../hub/hub.ts";
import type { Change } from "../log/change.ts";
import type { Principal } from "../rules/principal.ts";
import type { Store } from "../store/store.ts";

/** Counted in the same turn as sessions are revised: who is about to become a session's principal is read again. */
export interface AuthRevision {
  count: number;
}

/** A change of a collection, made here or by another process: whatever comes later is seen under the new ones. */
export async function refreshCollections(
  change: Change,
  { registry, store }: Folder,
  followed: Registry,
  hub: Hub<Principal>,
  revisions: AuthRevision,
): Promise<void> {
  if (change.collection !== COLLECTIONS) return;
  await reloadRegistry(store, registry);
  revisions.count += 1;
  hub.regroup(
    () => followed.replace(registry.current),
    (principal) => reviseForSchema(principal, followed.current),
  );
}

/** In the writers' queue: read beside it, the collections could be older than what a commit meanwhile put in force. */
const reloadRegistry = (store: Store, registry: Registry): Promise<void> =>
  store.write(
    async (tx) => {
      const schema = await loadSchema(tx);
      tx.afterCommit(() => registry.replace(schema));
    },
    { alone: true },
  );

/** A change of an auth record takes effect on those who are connected as it before anything later is sent to them. */
export function reviseSessions(change: Change, followed: Registry, hub: Hub<Principal>, revisions: AuthRevision): void {
  const revision = revisePrincipal(change, followed.current);
  if (!revision) return;
  revisions.count += 1;
  hub.become(hub.sessionsOf(revision.key), revision.principal);
}
