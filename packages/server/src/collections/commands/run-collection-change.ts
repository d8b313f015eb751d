import type { FileStore } from "../../files/file-store.ts";
import { guardTables } from "../../log/foreign-writes.ts";
import type { Store, Transaction } from "../../store/store.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { loadSchema, type Registry } from "../model/registry.ts";

/** The parts that a change of collections needs. */
export interface CollectionChangeDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly files: FileStore;
  readonly background: (work: () => Promise<void>) => void;
}

/**
 * Runs a change of collections alone in its commit, and publishes the new schema before the next write starts. The
 * files of deleted collections are removed in the background.
 */
export function runCollectionChange<Result>(
  { store, registry, files, background }: CollectionChangeDeps,
  { checkRule, now }: Pick<CollectionContext, "checkRule" | "now">,
  work: (tx: Transaction, context: CollectionContext) => Promise<Result>,
): Promise<Result> {
  return store.write(
    async (tx) => {
      // Another process may have just changed the collections.
      const before = await loadSchema(tx);
      const result = await work(tx, { schema: before, checkRule, now });
      const after = await loadSchema(tx);
      await guardTables(tx);
      const deleted = before.collections.filter(({ id }) => !after.find(id));
      tx.afterCommit(() => {
        registry.replace(after);
        if (deleted.length > 0) store.scrub();
        for (const { id } of deleted) background(() => files.removeFolder(id));
      });
      return result;
    },
    { alone: true, aside: true },
  );
}
