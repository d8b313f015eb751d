import { collectionOf, NO_COLLECTION } from "../../http/guards.ts";
import type { ApiRequest } from "../../http/request.ts";
import { refuseSearch } from "../../records/query/search-list.ts";
import { exportRecords } from "../../records/transfer/export-records.ts";
import { CONTENT_TYPES, formatOfType } from "../../records/transfer/transfer-format.ts";
import type { ApiContext } from "../api-context.ts";
import { queryOwner } from "../query-owner.ts";
import { recordContext } from "../record-context.ts";
import { readCsvOptions, readFormat } from "./transfer-query.ts";

/** All records of a collection as a CSV or JSON file, written as it is read. */
export async function exportRows(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api, NO_COLLECTION);
  const { query, raw } = request;
  refuseSearch(collection, query);
  const format = readFormat(query, formatOfType(raw.headers.get("accept") ?? "") ?? "csv");
  const headers = {
    "Content-Type": CONTENT_TYPES[format],
    "Content-Disposition": `attachment; filename="${collection.name}.${format}"`,
  };
  const parts = exportRecords(api.store.for(queryOwner(request)), recordContext(request, api, {}), collection, {
    ...readCsvOptions(query),
    format,
    filter: query["filter"] ?? "",
    fields: (query["fields"] ?? "").split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()])),
  });
  // What is wrong with the request is found before the answer begins.
  const { value: first = "" } = await parts.next();
  if (raw.method === "HEAD") return new Response(null, { headers });
  return new Response(bodyOf(first, parts, request), { headers });
}

/** A part is read when the client has taken the one before it. */
function bodyOf(first: string, parts: AsyncGenerator<string>, request: ApiRequest): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next !== "") {
          controller.enqueue(encoder.encode(next));
          next = "";
          return;
        }
        // The client may have lost its rights.
        await request.onBodyReceived();
        const { value, done = false } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
