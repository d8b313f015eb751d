import { badRequest } from "../../lib/api-error.ts";
import { readHistory } from "../../records/kept/history.ts";
import { assertWritable } from "../../records/model/writable-collection.ts";
import { collectRecords } from "../../records/present/present.ts";
import { parseListParams } from "../../records/query/list-params.ts";
import { assertMayReadHistory, presentEntry } from "../../records/restore/show-history.ts";
import { valuesAfter } from "../../records/restore/restore-version.ts";
import { submitRecord } from "../../records/write/submit-record.ts";
import type { ApiRequest } from "../../http/request.ts";
import { json } from "../../http/responses.ts";
import type { ApiContext } from "../api-context.ts";
import { queryOwner } from "../query-owner.ts";
import { recordResponse } from "../record-responses.ts";
import { submitted } from "./submitted.ts";

/** The changes of a record, the newest first: `perPage` of them, before the version `before`. */
export async function list(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { collection, context } = await submitted(request, api);
  const id = request.params["id"]!;
  const { perPage } = parseListParams(request.query);
  const before = request.query["before"] === undefined ? undefined : versionOf(request.query["before"]);
  const entries = await api.store.for(queryOwner(request)).read(async (reader) => {
    await assertMayReadHistory(reader, context, collection, id);
    return readHistory(reader, collection, id, { limit: perPage, ...(before !== undefined && { before }) });
  });
  return json(request, { items: entries.map((entry) => presentEntry(context, collection, entry)) });
}

/** Writes the values of an earlier version, under the update rule. */
export async function restore(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { collection, context } = await submitted(request, api);
  assertWritable(collection);
  const id = request.params["id"]!;
  const version = versionOf(request.params["version"]!);
  await assertMayReadHistory(api.store, context, collection, id);
  const body = await valuesAfter(api.store, collection, id, version);
  const record = await submitRecord(api, { ...context, body }, collection, id, { body, files: new Map() });
  const records = await collectRecords(api.store.for(queryOwner(request)), context, collection, [record], "");
  return recordResponse(request, api, records);
}

function versionOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw badRequest("Invalid version.");
  return Number(text);
}
