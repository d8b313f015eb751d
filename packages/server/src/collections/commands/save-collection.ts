import { ApiError, badRequest } from "../../lib/api-error.ts";
import { StoreError, type Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import type { CollectionDraft } from "../model/collection-draft.ts";
import { engineWords } from "../tables/engine-message.ts";
import { findProblems } from "../validate/validate-against-database.ts";
import { refreshViews } from "../views/refresh-dependent-views.ts";
import { storeCollection, withViewFields } from "./write-collection.ts";

/**
 * Checks and saves a collection with its table or view, and tells the log.
 *
 * @param original as it is now; `undefined` for a new one
 * @throws ApiError 400 with what is wrong
 */
export async function saveCollection(
  tx: Transaction,
  context: CollectionContext,
  submitted: CollectionDraft,
  original: Collection | undefined,
): Promise<Collection> {
  const failed = `Failed to ${original ? "update" : "create"} collection.`;
  try {
    const draft = await withViewFields(tx, submitted, context.schema);
    const problems = await findProblems(tx, context, draft, original);
    if (problems) throw badRequest(failed, problems);
    const { collection, indexes } = await storeCollection(tx, draft, original);
    if (indexes) throw badRequest(failed, { indexes });
    await refreshViews(tx, { schema: context.schema.with(collection), now: context.now }, collection);
    return collection;
  } catch (error) {
    if (error instanceof StoreError && error.kind !== "busy" && error.kind !== "full")
      throw new ApiError(400, `${failed} Raw error: \n${engineWords(error)}`, {}, error);
    throw error;
  }
}
