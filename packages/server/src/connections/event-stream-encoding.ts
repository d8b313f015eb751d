import { escapeLineEnds } from "@headwater/protocol";
import { spacedJson } from "../lib/json/spaced-json.ts";
import type { ApiRequest } from "../http/request.ts";
import { isSafeId } from "../http/request-id.ts";

/** The id that every event of a stream carries: the one in the client's `X-Correlation-Id` header, or the request's id. */
export function correlationIdOf({ raw, id }: ApiRequest): string {
  const given = raw.headers.get("x-correlation-id");
  return given !== null && isSafeId(given) ? given : id;
}

/** The fields of an object as JSON, without the braces. */
export const jsonFields = (data: Readonly<Record<string, unknown>>): string => spacedJson(data).slice(1, -1);

/**
 * An event up to its correlation id, the only part that differs between the clients that get it.
 *
 * @param fields from `jsonFields`; at least one
 */
export const encodeHead = (event: string, fields: string, id?: string): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: {${escapeLineEnds(fields)}, "correlation_id": `;

/** The rest of the event. */
export const encodeTail = (correlationId: string): string => `"${correlationId}"}\n\n`;

export const encodeCorrelated = (
  correlationId: string,
  event: string,
  data: Readonly<Record<string, unknown>>,
  id?: string,
): string => encodeHead(event, jsonFields(data), id) + encodeTail(correlationId);

export const encodeOpen = (correlationId: string): string =>
  encodeCorrelated(correlationId, "connection_open", { status: "connected" });

export const encodeClose = (correlationId: string, reason: string, id?: string): string =>
  encodeCorrelated(correlationId, "connection_close", { reason }, id);

export const encodeHeartbeat = (correlationId: string, now: Date): string =>
  encodeCorrelated(correlationId, "heartbeat", { timestamp: now.toISOString() });
