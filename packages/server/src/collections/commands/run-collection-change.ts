import type { FileStore } from "../../files/file-store.ts";
import type { Store, Transaction } from "../../store/store.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { loadSchema, type Registry } from "../model/registry.ts";

/** The folder whose collections change, and who takes over what follows. */
export interface ChangeDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly files: FileStore;
  readonly background: (work: () => Promise<void>) => void;
}

/**
 * Runs a change of collections by itself, and puts the new schema in force before the next writer starts. The files of
 * collections that are gone go after it.
 */
export function changeCollections<Result>(
  { store, registry, files, background }: ChangeDeps,
  { checkRule, now }: Pick<CollectionContext, "checkRule" | "now">,
  work: (tx: Transaction, context: CollectionContext) => Promise<Result>,
): Promise<Result> {
  return store.write(
    async (tx) => {
      // Another process may have changed collections a moment ago.
      const before = await loadSchema(tx);
      const result = await work(tx, { schema: before, checkRule, now });
      const after = await loadSchema(tx);
      const gone = before.collections.filter(({ id }) => !after.find(id));
      tx.afterCommit(() => {
        registry.replace(after);
        for (const { id } of gone) background(() => files.removeFolder(id));
      });
      return result;
    },
    { alone: true },
  );
}
