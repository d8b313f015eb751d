import type { RecordValues } from "@headwater/protocol";
import type { AuthRecord } from "../auth/tokens.ts";
import type { Collection } from "../collections/model/collection.ts";
import { type FileField, isMultiple } from "../collections/fields/field.ts";
import { viewOrigin } from "../collections/views/view-fields.ts";
import { keyOf } from "../files/file-store.ts";
import { S3Error } from "../files/s3/s3-error.ts";
import { notFound } from "../lib/api-error.ts";
import { findRecord, findRecords, itemsOf } from "../records/query/find-record.ts";
import { passesRule } from "../auth/passes-rule.ts";
import { GUEST, principalOf } from "../rules/principal.ts";
import { sql } from "../store/sql.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { fileResponse } from "../http/files/file-response.ts";
import { mayActFrom } from "../http/superuser-address.ts";
import { collectionOf, NO_COLLECTION } from "../http/guards.ts";
import { queryOwner } from "./query-owner.ts";
import { recordContext } from "./record-context.ts";
import { json } from "../http/responses.ts";

/** A short-lived token for links to protected files: browsers open links without an `Authorization` header. */
export async function createToken(request: ApiRequest, { tokens }: ApiContext, owner: AuthRecord): Promise<Response> {
  return json(request, { token: await tokens.issue({ ...owner, type: "file", now: request.now }) });
}

export async function download(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api, NO_COLLECTION);
  const { id = "", name = "" } = request.params;
  const record = await findRecord(api.store, collection, id);
  const field = record && fileFieldOf(collection, record, name);
  if (!field || (field.protected && !(await mayView(request, api, collection, record)))) throw notFound();
  const key = await storedKey(api, collection, field, id, name);
  if (key === undefined) throw notFound();
  return serve(request, api, field, key, name).catch((error: unknown) => {
    // As PocketBase answers when its S3 store fails.
    throw error instanceof S3Error ? notFound("", error) : error;
  });
}

async function serve(
  request: ApiRequest,
  api: ApiContext,
  field: FileField,
  key: string,
  name: string,
): Promise<Response> {
  const file = await api.files.open(key);
  if (!file) throw notFound();
  const size = request.query["thumb"] ?? "";
  const isSize = size === DEFAULT_THUMB || (size !== "" && field.thumbs.includes(size));
  const thumb = isSize ? await api.thumbs.open(key, file, size, queryOwner(request).key) : undefined;
  return thumb ? fileResponse(request, `${size}_${name}`, thumb) : fileResponse(request, name, file);
}

/** Pictures of all fields have it: PocketBase's dashboard shows it. */
const DEFAULT_THUMB = "100x100";

/** The files of a view belong to the records of other collections. */
async function storedKey(
  { store, registry }: ApiContext,
  collection: Collection,
  field: FileField,
  id: string,
  name: string,
): Promise<string | undefined> {
  if (collection.type !== "view") return keyOf(collection.id, id, name);
  const origin = viewOrigin(collection, field.name, registry.current);
  if (!origin) return undefined;
  const column = sql.id(origin.field.name);
  const condition = isMultiple(origin.field)
    ? sql`${name} IN (SELECT value FROM ${itemsOf(column)})`
    : sql`${column} = ${name}`;
  const [owner] = await findRecords(store, origin.collection, sql`${condition} LIMIT 1`);
  return owner && keyOf(origin.collection.id, owner.id, name);
}

const fileFieldOf = (collection: Collection, record: RecordValues, name: string): FileField | undefined =>
  collection.fields.find((field): field is FileField => {
    if (field.type !== "file") return false;
    const value = record[field.name];
    return Array.isArray(value) ? value.includes(name) : value === name;
  });

/** Evaluates the view rule for the owner of the link's file token, who need not have sent the request. */
async function mayView(
  request: ApiRequest,
  api: ApiContext,
  collection: Collection,
  record: RecordValues,
): Promise<boolean> {
  const { store, tokens, registry } = api;
  const token = request.query["token"] ?? "";
  const owner = await tokens.verify(store, registry.current, token, "file", request.now);
  const named = owner ? principalOf(owner.collection, owner.values) : GUEST;
  const principal = mayActFrom(request.ip, named, api) ? named : GUEST;
  const context = { ...recordContext(request, api, { context: "protectedFile" }), principal };
  return passesRule(store, context, collection, record, collection.viewRule);
}
