import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { ApiRequest } from "../../http/request.ts";
import { type Precondition, readPrecondition, readVersionList } from "../../records/model/precondition.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import type { RecordVersions } from "../../records/model/record-version.ts";
import { isSuperuser } from "../../rules/principal.ts";

/** What the request's headers demand of the record that it writes; `undefined` for nothing. */
export const preconditionOf = ({ raw: { headers } }: ApiRequest, versions: RecordVersions): Precondition | undefined =>
  readPrecondition(versions, (name) => headers.get(name));

/** Adds the version of the record to the answer. */
export function withVersion(response: Response, version: string): Response {
  response.headers.set("ETag", `"${version}"`);
  response.headers.set("Access-Control-Expose-Headers", "ETag");
  // What a record shows depends on the requester.
  response.headers.append("Vary", "Authorization");
  return response;
}

/** The version that the answer has to name; `undefined` if the request asks for none. */
export function versionToShow(
  { raw: { headers } }: ApiRequest,
  { versions, precondition }: RecordContext,
  own: RecordVersions,
  collection: Collection,
  record: RecordValues,
): string | undefined {
  const isAsked = versions !== undefined || precondition !== undefined || headers.has("if-none-match");
  return isAsked ? own.of(collection, record) : undefined;
}

/**
 * Does the client have this version of the record already? Not if the answer shows more than the record: related records,
 * or an email that depends on the requester.
 */
export function isKnown(
  { raw: { headers }, query }: ApiRequest,
  { principal }: RecordContext,
  collection: Collection,
  version: string,
): boolean {
  const known = headers.get("if-none-match");
  if (!known || query["expand"] || (collection.type === "auth" && !isSuperuser(principal))) return false;
  const list = readVersionList("If-None-Match", known, true);
  return list === "any" || list.includes(version);
}
