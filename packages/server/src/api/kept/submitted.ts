import type { Collection } from "../../collections/model/collection.ts";
import { collectionOf } from "../../http/guards.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import type { ApiContext } from "../api-context.ts";
import { recordContext } from "../record-context.ts";

/** The collection of a request, and what its rules see of it. @throws ApiError 404 for an unknown collection */
export async function submitted(
  request: ApiRequest,
  api: ApiContext,
): Promise<{ readonly collection: Collection; readonly context: RecordContext }> {
  const collection = collectionOf(request, api, "Missing collection context.");
  return { collection, context: recordContext(request, api, { body: await request.values() }) };
}
