import type { ErrorData } from "@headwater/protocol";
import { ApiError, badRequest, invalid } from "../lib/api-error.ts";
import { sql } from "../store/sql.ts";
import { StoreError, type Transaction } from "../store/store.ts";
import type { Collection } from "./collection.ts";
import { insertCollection, updateCollectionRow } from "./collection-store.ts";
import { createTable } from "./create-table.ts";
import { type CollectionDraft, collectionOf } from "./draft.ts";
import { engineWords } from "./engine-words.ts";
import { createIndexes } from "./index-sync.ts";
import { logCollection } from "./log-collection.ts";
import { settleDraft } from "./normalise-collection.ts";
import { renameRateLimits } from "./rename-rate-limits.ts";
import { refreshViews } from "./refresh-views.ts";
import type { Schema } from "./schema.ts";
import { syncTable } from "./table-sync.ts";
import { validateCollection } from "./validate-collection.ts";
import type { CheckRule } from "./validation-context.ts";
import { inferViewFields, syncView, tryViewQuery, viewErrorText } from "./view-sync.ts";
import { dropView } from "./view-sql.ts";

/** What the verbs on collections need besides the transaction. */
export interface CollectionContext {
  readonly schema: Schema;
  readonly checkRule: CheckRule;
  readonly now: Date;
}

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
    const draft = submitted.type === "view" ? await withViewFields(tx, submitted, context.schema) : submitted;
    const problems = await findProblems(tx, context, draft, original);
    if (problems) throw badRequest(failed, problems);

    const collection = collectionOf(settleDraft(draft, original));
    if (original) await updateCollectionRow(tx, collection);
    else await insertCollection(tx, collection);
    const indexes = await syncStorage(tx, collection, original);
    if (indexes) throw badRequest(failed, { indexes });
    if (original && original.name !== collection.name) await renameRateLimits(tx, original.name, collection.name);
    await logCollection(tx, original, collection);
    await refreshViews(tx, { schema: context.schema.with(collection), now: context.now }, collection);
    return collection;
  } catch (error) {
    if (error instanceof StoreError && error.kind !== "busy" && error.kind !== "full")
      throw new ApiError(400, `${failed} Raw error: \n${engineWords(error)}`, {}, error);
    throw error;
  }
}

/** What a client sends as fields of a view does not count; a query without fields is found wrong later. */
async function withViewFields(tx: Transaction, draft: CollectionDraft, schema: Schema): Promise<CollectionDraft> {
  try {
    return { ...draft, fields: await inferViewFields(tx, draft.viewQuery, schema) };
  } catch (error) {
    viewErrorText(error);
    return { ...draft, fields: [] };
  }
}

async function findProblems(
  tx: Transaction,
  { schema, checkRule }: CollectionContext,
  draft: CollectionDraft,
  original: Collection | undefined,
): Promise<ErrorData | undefined> {
  const rows = await tx.all(sql`SELECT type, lower(name) AS name, tbl_name FROM sqlite_master`);
  const tables = new Set(rows.filter(({ type }) => type !== "index").map(({ name }) => String(name)));
  const indexes = rows.filter(({ type }) => type === "index");
  const indexTables = new Map(indexes.map((row) => [String(row.name), String(row.tbl_name)]));
  const view = collectionOf(draft);
  const error = view.type === "view" && view.viewQuery !== "" ? await tryViewQuery(tx, view, schema) : undefined;
  const viewProblem =
    error === undefined
      ? undefined
      : invalid("validation_invalid_view_query", `Invalid query - ${error.slice(0, 500)}`);
  return validateCollection(draft, { original, schema, checkRule, tables, indexTables, viewProblem });
}

/** @returns what the engine refused of the indexes */
async function syncStorage(
  tx: Transaction,
  collection: Collection,
  original: Collection | undefined,
): Promise<ErrorData | undefined> {
  if (collection.type === "view") {
    if (original) await dropView(tx, original.name);
    await syncView(tx, collection);
    return undefined;
  }
  if (original) return syncTable(tx, original, collection);
  await createTable(tx, collection);
  return createIndexes(tx, collection);
}
