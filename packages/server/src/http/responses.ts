import { type Cursor, formatCursor } from "@headwater/protocol";
import { badRequest } from "../lib/api-error.ts";
import { type FieldPick, parseFields, pickFields } from "../lib/pick-fields.ts";
import type { ApiRequest } from "./request.ts";

const JSON_HEADERS = { "Content-Type": "application/json" };

/** A JSON answer: of the value, what the `fields` parameter picks. */
export function json(request: ApiRequest, value: unknown): Response {
  const pick = requestedFields(request);
  return jsonAs(200, pick ? pickFields(value, pick) : value);
}

/** A page of a list: `fields` picks from its items. */
export function jsonPage(request: ApiRequest, page: { readonly items: readonly unknown[] }): Response {
  const pick = requestedFields(request);
  return jsonAs(200, pick ? { ...page, items: pickFields(page.items, pick) } : page);
}

/** Says of which moment of the log the answer is: to subscribe from there leaves no hole. Browsers may read it too. */
export function withCursor(response: Response, cursor: Cursor): Response {
  response.headers.set("Headwater-Cursor", formatCursor(cursor));
  response.headers.set("Access-Control-Expose-Headers", "Headwater-Cursor");
  return response;
}

/** A JSON answer as it stands. */
export const jsonAs = (status: number, value: unknown): Response =>
  new Response(JSON.stringify(value), { status, headers: JSON_HEADERS });

export const noContent = (): Response => new Response(null, { status: 204 });

function requestedFields(request: ApiRequest): FieldPick | undefined {
  const text = request.query["fields"];
  if (!text) return undefined;
  const pick = parseFields(text);
  if (!pick) throw badRequest();
  return pick;
}
