import { asksForVersion, headerName } from "@headwater/protocol";
import { decodeSegment } from "../../http/route.ts";
import { hasBrokenParameter, urlParameters } from "../../http/url-parameters.ts";
import { ApiError, badRequest, notFound } from "../../lib/api-error.ts";
import { parseFields } from "../../lib/pick-fields.ts";
import type { BatchRequest } from "../../records/batch/batch-request.ts";
import { type Precondition, readPrecondition } from "../../records/model/precondition.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import type { RecordVersions } from "../../records/model/record-version.ts";
import { assertWritable } from "../../records/model/writable-collection.ts";
import type { SentRequest } from "./batch-form.ts";

interface Action {
  readonly action: BatchRequest["action"];
  readonly pattern: RegExp;
}

/** What a request of a batch may do, by its method. */
const ACTIONS: Readonly<Record<string, Action>> = {
  POST: { action: "create", pattern: /^\/api\/collections\/([^/?]+)\/records(\?.*)?$/ },
  PUT: { action: "save", pattern: /^\/api\/collections\/([^/?]+)\/records(\?.*)?$/ },
  PATCH: { action: "update", pattern: /^\/api\/collections\/([^/?]+)\/records\/(?<id>[^/?]+)(\?.*)?$/ },
  DELETE: { action: "delete", pattern: /^\/api\/collections\/([^/?]+)\/records\/(?<id>[^/?]+)(\?.*)?$/ },
};

/**
 * Reads a request of a batch.
 *
 * @param outer of the batch itself, whose headers and principal each request has
 * @throws ApiError if it can't be done
 */
export function readBatchRequest(
  sent: SentRequest,
  index: number,
  outer: RecordContext,
  versions: RecordVersions,
): BatchRequest {
  const { method, url, body, files } = sent;
  const match = ACTIONS[method]?.pattern.exec(url);
  if (!match || /%(?![\da-f]{2})/i.test(url.replace(/\?.*$/s, ""))) throw unknownAction(index);
  const { action } = ACTIONS[method]!;
  const search = url.includes("?") ? url.slice(url.indexOf("?")).replace(/#.*$/s, "") : "";
  if (action !== "delete" && hasBrokenParameter(search)) throw badRequest();
  const collection = outer.schema.find(decodeSegment(match[1]!));
  if (!collection) throw notFound("Missing collection context.");
  assertWritable(collection);
  const query = queryOf(search);
  const id = match.groups?.["id"];
  return {
    action,
    collection,
    id: id === undefined ? upsertedId(action, body) : decodeSegment(id),
    context: {
      ...outer,
      method,
      query,
      headers: headersOf(outer, sent),
      body,
      versions: asksForVersion(query) ? versions : undefined,
      precondition: preconditionOf(sent, versions),
    },
    submitted: { body, files },
    check: () => {
      if (action !== "delete" && query["fields"] && !parseFields(query["fields"])) throw badRequest();
    },
  };
}

/** Only a request's own headers count: each is about another record. */
const preconditionOf = ({ headers }: SentRequest, versions: RecordVersions): Precondition | undefined =>
  readPrecondition(
    versions,
    (wanted) => Object.entries(headers).find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1],
  );

/** PocketBase's status for a request that it doesn't know is another one behind the first. */
const unknownAction = (index: number): ApiError => new ApiError(index === 0 ? 400 : 500);

const queryOf = (search: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...urlParameters(new URL(`http://localhost/${search}`))].toReversed());

/** An id that is no text is converted like in PocketBase: lists and objects count as none. */
function upsertedId(action: BatchRequest["action"], { id }: SentRequest["body"]): string | undefined {
  if (action !== "save" || !(typeof id === "string" || typeof id === "number" || typeof id === "boolean")) {
    return undefined;
  }
  return String(id) || undefined;
}

/** The token of the batch counts, whatever a request says. */
function headersOf({ headers }: RecordContext, sent: SentRequest): RecordContext["headers"] {
  const own = Object.entries(sent.headers).map(([name, text]) => [headerName(name), text] as const);
  return {
    ...headers,
    ...Object.fromEntries(own.filter(([name]) => name !== "authorization")),
    content_type: "multipart/form-data",
  };
}
