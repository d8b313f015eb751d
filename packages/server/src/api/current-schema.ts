import type { RecordContext } from "../records/record-context.ts";
import type { Transaction } from "../store/store.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { Endpoint } from "./route.ts";

/** Collections changed between a request's reading and its writing. */
class SchemaChanged extends Error {}

/**
 * Writes by the collections that the request was judged by, or not at all.
 *
 * @throws SchemaChanged when there are others by now; see `onCurrentSchema`
 */
export const writeBySchema = <T>(
  { store, registry }: ApiDeps,
  { schema }: RecordContext,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> =>
  store.write(async (tx) => {
    if (registry.current !== schema) throw new SchemaChanged();
    return work(tx);
  });

/** Runs the endpoint from its beginning again where collections changed under it: nothing was written, nobody is told. */
export const onCurrentSchema =
  (endpoint: Endpoint): Endpoint =>
  async (request, deps) => {
    for (;;) {
      try {
        return await endpoint(request, deps);
      } catch (error) {
        if (!(error instanceof SchemaChanged)) throw error;
      }
    }
  };
