import type { Registry } from "../../collections/model/registry.ts";
import type { Store, Transaction } from "../../store/store.ts";
import type { WriteContext } from "./record-context.ts";

/** Where records are written: a folder, of which only this much matters. */
export interface WriteTarget {
  readonly store: Store;
  readonly registry: Registry;
}

/** Collections changed between a write's preparation and the write. */
class SchemaChanged extends Error {}

/**
 * Writes by the collections that the write was judged by, or not at all.
 *
 * @throws SchemaChanged when there are others by now; see `onCurrentSchema`
 */
export const writeBySchema = <T>(
  { store, registry }: WriteTarget,
  { schema }: WriteContext,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> =>
  store.write(async (tx) => {
    if (registry.current !== schema) throw new SchemaChanged();
    return work(tx);
  });

/** Does the work from its beginning again where collections changed under it: nothing was written, nobody is told. */
export async function onCurrentSchema<T>(work: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SchemaChanged)) throw error;
    }
  }
}
