import { badRequest } from "../lib/api-error.ts";
import { type FieldPick, parseFields, pickFields } from "../lib/pick-fields.ts";
import type { ApiRequest } from "./request.ts";

const JSON_HEADERS = { "Content-Type": "application/json" };

/** A JSON response with the parts of the value that the `fields` parameter selects. */
export function json(request: ApiRequest, value: unknown): Response {
  const pick = requestedFields(request);
  return jsonAs(200, pick ? pickFields(value, pick) : value);
}

export interface Page {
  readonly items: readonly unknown[];
  readonly page: number;
  readonly perPage: number;
  /** -1 if the request skipped the count. */
  readonly totalItems: number;
  readonly totalPages: number;
}

/** A page of a list; `fields` selects parts of its items. */
export function jsonPage(request: ApiRequest, page: Page): Response {
  const pick = requestedFields(request);
  return jsonAs(200, pick ? { ...page, items: pickFields(page.items, pick) } : page);
}

/** Adds the position in the log that the response reflects: a client that subscribes from there misses nothing. */
export function withCursor(response: Response, cursor: string): Response {
  response.headers.set("Headwater-Cursor", cursor);
  response.headers.set("Access-Control-Expose-Headers", "Headwater-Cursor");
  return response;
}

/** A JSON response with the whole value. */
export const jsonAs = (status: number, value: unknown): Response =>
  new Response(JSON.stringify(value), { status, headers: JSON_HEADERS });

export const noContent = (): Response => new Response(null, { status: 204 });

/** What the `fields` parameter keeps; `undefined` without it. @throws ApiError 400 if it is invalid */
export function requestedFields(request: ApiRequest): FieldPick | undefined {
  const text = request.query["fields"];
  if (!text) return undefined;
  const pick = parseFields(text);
  if (!pick) throw badRequest();
  return pick;
}
