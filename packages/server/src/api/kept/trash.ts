import { submitted } from "./submitted.ts";
import { formatDateTime } from "../../lib/text/date-time.ts";
import { notFound } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { actorToJson } from "../../records/kept/actor.ts";
import { purgeRecord } from "../../records/kept/trash.ts";
import { writeUnderSchema } from "../../records/model/schema-change.ts";
import { collectRecords } from "../../records/present/present.ts";
import { listTrash, softDeleteOf } from "../../records/restore/list-trash.ts";
import { restoreRecord } from "../../records/restore/restore-record.ts";
import type { ApiRequest } from "../../http/request.ts";
import { noContent } from "../../http/responses.ts";
import type { ApiContext } from "../api-context.ts";
import { queryOwner } from "../query-owner.ts";
import { pageResponse, recordResponse } from "../record-responses.ts";

/** Deleted records that can be restored. */
export async function list(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { collection, context } = await submitted(request, api);
  const { page, records } = await api.store.for(queryOwner(request)).read(async (reader) => {
    const { items, ...numbers } = await listTrash(reader, context, collection, request.query);
    const values = items.map((item) => item.values);
    const extras = new Map(
      items.map((item) => [
        item.values,
        {
          "@deleted": formatDateTime(new Date(item.time)),
          ...(isSuperuser(context.principal) && { "@deletedBy": actorToJson(item.actor) }),
        },
      ]),
    );
    const collected = await collectRecords(reader, { ...context, extras }, collection, values, "");
    return { page: { ...numbers, items: values }, records: collected };
  });
  return pageResponse(request, api, page, records);
}

export async function restore(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { collection, context } = await submitted(request, api);
  const id = request.params["id"]!;
  const record = await writeUnderSchema(api, context, (tx) => restoreRecord(tx, context, collection, id));
  const reader = api.store.for(queryOwner(request));
  const records = await collectRecords(reader, context, collection, [record], request.query["expand"] ?? "");
  return recordResponse(request, api, records);
}

/** Deletes a record from the trash for good. */
export async function purge(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { collection, context } = await submitted(request, api);
  softDeleteOf(collection);
  const id = request.params["id"]!;
  const isPurged = await writeUnderSchema(api, context, (tx) => purgeRecord(tx, context, collection, id));
  if (!isPurged) throw notFound();
  api.store.scrub();
  return noContent();
}
