import type { FieldPick } from "../lib/pick-fields.ts";
import type { ApiRequest } from "../http/request.ts";
import { json, jsonPage, requestedFields } from "../http/responses.ts";
import { STREAM_LENGTH } from "../http/streamed-json.ts";
import type { CollectedRecords } from "../records/present/present.ts";
import type { RecordPage } from "../records/query/list-records.ts";
import type { ApiContext } from "./api-context.ts";

type Streams = Pick<ApiContext, "streamedAnswers">;

/** One record as JSON, written in parts if it is large. */
export function recordResponse(request: ApiRequest, { streamedAnswers }: Streams, records: CollectedRecords): Response {
  if (records.length < STREAM_LENGTH) return json(request, records.toJson()[0]);
  return streamedAnswers.respond(request, records.length, records.texts(requestedFields(request)));
}

/** A page of records as JSON, written in parts if it is large. */
export function pageResponse(
  request: ApiRequest,
  { streamedAnswers }: Streams,
  page: RecordPage,
  records: CollectedRecords,
): Response {
  if (records.length < STREAM_LENGTH) {
    const { extras: _, ...shown } = page;
    return jsonPage(request, { ...shown, items: records.toJson() });
  }
  return streamedAnswers.respond(request, records.length, pageTexts(page, records, requestedFields(request)));
}

function* pageTexts(
  { page, perPage, totalItems, totalPages, totalIsExact }: RecordPage,
  records: CollectedRecords,
  pick: FieldPick | undefined,
): Generator<string> {
  let separator = '{"items":[';
  for (const text of records.texts(pick)) {
    yield separator;
    yield text;
    separator = ",";
  }
  yield `],${JSON.stringify({ page, perPage, totalItems, totalPages, totalIsExact }).slice(1)}`;
}
