import { ApiError, badRequest } from "../../lib/api-error.ts";
import { isOutage, StoreError, type Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import type { CollectionDraft } from "../model/collection-draft.ts";
import { engineMessage } from "../tables/engine-message.ts";
import { validateAgainstDatabase } from "../validate/validate-against-database.ts";
import { refreshDependentViews } from "../views/refresh-dependent-views.ts";
import { writeCollection, withInferredFields } from "./write-collection.ts";

/**
 * Validates and saves a collection with its table or view, and logs the change.
 *
 * @param original the stored collection; `undefined` for a new one
 * @throws ApiError 400 with the problems
 */
export async function saveCollection(
  tx: Transaction,
  context: CollectionContext,
  submitted: CollectionDraft,
  original: Collection | undefined,
): Promise<Collection> {
  const failed = `Failed to ${original ? "update" : "create"} collection.`;
  try {
    const draft = await withInferredFields(tx, submitted, context.schema);
    const problems = await validateAgainstDatabase(tx, context, draft, original);
    if (problems) throw badRequest(failed, problems);
    const { collection, indexes } = await writeCollection(tx, draft, original);
    if (indexes) throw badRequest(failed, { indexes });
    await refreshDependentViews(tx, { schema: context.schema.with(collection), now: context.now }, collection);
    return collection;
  } catch (error) {
    if (error instanceof StoreError && !isOutage(error))
      throw new ApiError(400, `${failed} Raw error: \n${engineMessage(error)}`, {}, error);
    throw error;
  }
}
