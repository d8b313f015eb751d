import type { Registry } from "../../collections/model/registry.ts";
import type { Store, Transaction, WriteOptions } from "../../store/store.ts";
import type { WriteContext } from "./record-context.ts";

/** The data that records are written to. */
export interface WriteTarget {
  readonly store: Store;
  readonly registry: Registry;
}

/** The collections changed between a write's preparation and its transaction. */
class SchemaChanged extends Error {}

/** What a write was prepared for is no longer so. Thrown in its transaction, it is prepared again like after `SchemaChanged`. */
export const preparationOutdated = (): Error => new SchemaChanged();

export const isOutdated = (error: unknown): boolean => error instanceof SchemaChanged;

/**
 * Writes only if the collections are still the ones that the write was prepared with.
 *
 * @throws SchemaChanged if they are not; see `retryOnSchemaChange`
 */
export const writeUnderSchema = <T>(
  { store, registry }: WriteTarget,
  { schema }: WriteContext,
  work: (tx: Transaction) => Promise<T>,
  options?: WriteOptions,
): Promise<T> =>
  store.write(async (tx) => {
    if (registry.current !== schema) throw new SchemaChanged();
    return work(tx);
  }, options);

/** Runs the work again from its beginning if the collections changed during it. Nothing was written in that case. */
export async function retryOnSchemaChange<T>(work: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SchemaChanged)) throw error;
    }
  }
}
