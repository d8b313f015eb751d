import { collectionId } from "@headwater/protocol";
import { runCollectionChange } from "../collections/commands/run-collection-change.ts";
import { collectionToJson } from "../collections/model/collection-json.ts";
import { createCollection } from "../collections/commands/create-collection.ts";
import { deleteCollection } from "../collections/commands/delete-collection.ts";
import { collectionOf as collectionOfDraft } from "../collections/model/collection-draft.ts";
import { OAUTH2_PROVIDER_LIST } from "../collections/model/oauth2-providers.ts";
import { newDraft } from "../collections/model/new-draft.ts";
import { dryRunImport } from "../collections/commands/import/dry-run.ts";
import { importCollections, readImportBody } from "../collections/commands/import-collections.ts";
import type { CollectionContext } from "../collections/validate/collection-context.ts";
import { updateCollection } from "../collections/commands/update-collection.ts";
import { badRequest } from "../lib/api-error.ts";
import { REQUIRED } from "../lib/validators.ts";
import { LOWER_ALPHANUMERIC, randomText } from "../lib/random.ts";
import { checkRule } from "../rules/analysis/check-rule.ts";
import type { Transaction } from "../store/store.ts";
import type { ApiContext } from "./api-context.ts";
import { queryOwner } from "./query-owner.ts";
import type { ApiRequest } from "../http/request.ts";
import { listCollections } from "./list-collections.ts";
import { collectionOf } from "../http/guards.ts";
import { json, jsonPage, noContent } from "../http/responses.ts";

export const list = async (request: ApiRequest, { store }: ApiContext): Promise<Response> =>
  jsonPage(
    request,
    await store.for(queryOwner(request)).read((reader) => listCollections(reader, request.query, request.now)),
  );

export const view = (request: ApiRequest, api: ApiContext): Response =>
  json(request, collectionToJson(collectionOf(request, api)));

export async function create(request: ApiRequest, api: ApiContext): Promise<Response> {
  const body = await request.values("Failed to load the collection type data due to invalid formatting.");
  const collection = await change(request, api, (tx, context) => createCollection(tx, context, body));
  return json(request, collectionToJson(collection));
}

export async function update(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { id } = collectionOf(request, api);
  const body = await request.values("Failed to load the submitted data due to invalid formatting.");
  // For PocketBase, null empties the collection, its name first of all.
  if ((await request.json()) === null) throw badRequest("Failed to update collection.", { name: REQUIRED });
  const collection = await change(request, api, (tx, context) => updateCollection(tx, context, id, body));
  return json(request, collectionToJson(collection));
}

export async function remove(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { id } = collectionOf(request, api);
  await change(request, api, (tx, context) => deleteCollection(tx, context, id));
  return noContent();
}

/** Creates and updates many collections in one transaction, or says what that would change. */
export async function importAll(request: ApiRequest, api: ApiContext): Promise<Response> {
  const body = await request.values("An error occurred while loading the submitted data.");
  if (readImportBody(body).isDryRun) {
    const context = { checkRule, now: request.now };
    return json(request, await dryRunImport(api.store.for(queryOwner(request)), context, body));
  }
  await change(request, api, (tx, context) => importCollections(tx, context, body));
  return noContent();
}

/** A blank collection of each type, as a starting point for forms. */
export function scaffolds(request: ApiRequest): Response {
  const name = randomText(10, LOWER_ALPHANUMERIC);
  const blank = (type: string) =>
    collectionToJson(collectionOfDraft({ ...newDraft(type, "", name), id: collectionId("") }));
  return json(request, { auth: blank("auth"), base: blank("base"), view: blank("view") });
}

/** The OAuth2 providers that a collection may use. */
export const oauth2Providers = (request: ApiRequest): Response => json(request, OAUTH2_PROVIDER_LIST);

const change = <Result>(
  { now }: ApiRequest,
  api: ApiContext,
  work: (tx: Transaction, context: CollectionContext) => Promise<Result>,
): Promise<Result> => runCollectionChange(api, { checkRule, now }, work);
