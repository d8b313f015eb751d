import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import { badRequest, notFound } from "../lib/api-error.ts";
import { readHead } from "../log/change-log.ts";
import { assertWritable, type WritableCollection } from "../records/model/writable-collection.ts";
import { listRecords } from "../records/query/list-records.ts";
import { collectRecords } from "../records/present/present.ts";
import { showWritten, withoutLimits } from "../records/present/written-records.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { submitRecord, submitDelete } from "../records/write/submit-record.ts";
import { truncateCollection } from "../records/write/truncate-collection.ts";
import { viewRecord } from "../records/query/view-record.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest, Params } from "../http/request.ts";
import { collectionOf, NO_COLLECTION } from "../http/guards.ts";
import { queryOwner } from "./query-owner.ts";
import { recordContext } from "./record-context.ts";
import { pageResponse, recordResponse } from "./record-responses.ts";
import { fileLimits, largeFileError, recordBodyLimit } from "../http/files/upload-limits.ts";
import { noContent, withCursor } from "../http/responses.ts";
import { isKnown, preconditionOf, versionToShow, withVersion } from "./versions/etag.ts";

const MISSING = "Missing collection context.";

export async function list(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api, MISSING);
  const context = await submittedContext(request, api);
  // One snapshot, so that the count, the page and the expanded records agree.
  const { seq, page, records } = await api.store.for(queryOwner(request)).read(async (reader) => {
    const head = await readHead(reader);
    const found = await listRecords(reader, context, collection, request.query);
    const shown = found.extras ? { ...context, extras: found.extras } : context;
    const collected = await collectRecords(reader, shown, collection, found.items, request.query["expand"] ?? "");
    return { seq: head, page: found, records: collected };
  });
  return withCursor(pageResponse(request, api, page, records), api.cursors.format(seq));
}

export async function view(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api, MISSING);
  const context = await submittedContext(request, api);
  const record = await viewRecord(api.store.for(queryOwner(request)), context, collection, request.params["id"]!);
  const version = versionToShow(request, context, api.versions, collection, record);
  if (version !== undefined && isKnown(request, context, collection, version)) {
    return withVersion(new Response(null, { status: 304 }), version);
  }
  return presented(request, api, context, collection, record);
}

export async function create(request: ApiRequest, api: ApiContext): Promise<Response> {
  return submit(request, api, undefined);
}

export async function update(request: ApiRequest, api: ApiContext): Promise<Response> {
  return submit(request, api, request.params["id"]);
}

export async function remove(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = writableCollectionOf(request, api);
  const context = await writeContext(request, api);
  await submitDelete(api, context, collection, request.params["id"]!);
  return noContent();
}

/** Deletes all records of a collection. */
export async function truncate(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api);
  if (collection.type === "view") {
    throw badRequest("View collections cannot be truncated since they don't store their own records.");
  }
  await truncateCollection(api, await submittedContext(request, api), collection);
  return noContent();
}

/** @throws ApiError 404 for an unknown collection */
export function bodyLimit({ collection: name = "" }: Params, { registry }: ApiContext): number {
  const collection = registry.current.find(name);
  if (!collection) throw notFound(NO_COLLECTION);
  return recordBodyLimit(collection);
}

function writableCollectionOf(request: ApiRequest, api: ApiContext): WritableCollection {
  const collection = collectionOf(request, api, MISSING);
  assertWritable(collection);
  return collection;
}

const submittedContext = async (request: ApiRequest, api: ApiContext): Promise<RecordContext> =>
  recordContext(request, api, { body: await request.values() });

async function writeContext(request: ApiRequest, api: ApiContext): Promise<RecordContext> {
  const context = await submittedContext(request, api);
  const precondition = preconditionOf(request, api.versions);
  return precondition ? Object.assign(context, { precondition }) : context;
}

async function submit(request: ApiRequest, api: ApiContext, id: string | undefined): Promise<Response> {
  const collection = writableCollectionOf(request, api);
  request.maxFileBytes = fileLimits(collection);
  const context = await writeContext(request, api).catch((error: unknown) => {
    throw largeFileError(error, recordContext(request, api, {}), collection, id === undefined);
  });
  const submitted = { body: context.body, files: await request.uploads() };
  const record = await submitRecord(api, context, collection, id, submitted);
  return showWritten((isWhole) =>
    isWhole
      ? presented(request, api, context, collection, record)
      : presented(request, api, withoutLimits(context), collection, record, ""),
  );
}

async function presented(
  request: ApiRequest,
  api: ApiContext,
  context: RecordContext,
  collection: Collection,
  record: RecordValues,
  expand = request.query["expand"] ?? "",
): Promise<Response> {
  const reader = api.store.for(queryOwner(request));
  const records = await collectRecords(reader, context, collection, [record], expand);
  const response = recordResponse(request, api, records);
  const version = versionToShow(request, context, api.versions, collection, record);
  return version === undefined ? response : withVersion(response, version);
}
