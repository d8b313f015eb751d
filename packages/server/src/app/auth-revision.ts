import { principalAfterChange, principalUnderSchema } from "../auth/principal-after-change.ts";
import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import { loadSchema, type Registry } from "../collections/model/registry.ts";
import type { AuthRevision } from "../http/requester.ts";
import type { Hub } from "../hub/hub.ts";
import type { Change } from "../log/change.ts";
import { guardTables } from "../log/foreign-writes.ts";
import type { Principal } from "../rules/principal.ts";
import type { Store } from "../store/store.ts";
import type { Folder } from "./folder.ts";

/** Raised in the turn in which sessions change, so that a request which is being identified reads its principal again. */
export interface CurrentAuthRevision extends AuthRevision {
  current: number;
}

export interface AuthFollowerContext {
  readonly folder: Folder;
  readonly tailRegistry: Registry;
  readonly hub: Hub<Principal>;
  readonly authRevision: CurrentAuthRevision;
}

/** Applies a change of a collection, by this or another process, before anything later is delivered. */
export async function followCollectionChange(
  change: Change,
  { folder, tailRegistry, hub, authRevision }: AuthFollowerContext,
): Promise<void> {
  if (change.collection !== COLLECTIONS) return;
  const { registry, store } = folder;
  await reloadRegistry(store, registry);
  authRevision.current += 1;
  hub.reindexAll(
    () => tailRegistry.replace(registry.current),
    (principal) => principalUnderSchema(principal, tailRegistry.current),
  );
}

/** Reads in the writers' queue: a read outside it could replace the result of a newer commit with older collections. */
const reloadRegistry = (store: Store, registry: Registry): Promise<void> =>
  store.write(
    async (tx) => {
      const schema = await loadSchema(tx);
      await guardTables(tx);
      tx.afterCommit(() => registry.replace(schema));
    },
    { alone: true },
  );

/** Applies a change of an auth record to that account's sessions before anything later is delivered to them. */
export function followAccountChange(
  change: Change,
  { tailRegistry, hub, authRevision }: Omit<AuthFollowerContext, "folder">,
): void {
  const revised = principalAfterChange(change, tailRegistry.current);
  if (!revised) return;
  authRevision.current += 1;
  hub.changePrincipal(hub.sessionsOf(revised.key), revised.principal);
}
