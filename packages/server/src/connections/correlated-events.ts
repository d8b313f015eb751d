import { spacedJson } from "../lib/spaced-json.ts";
import type { ApiRequest } from "../http/request.ts";
import { isSaneId } from "../http/request-id.ts";

/** By what a client knows the events of one request again: what its header says, or the id of the request. */
export function correlationOf({ raw, id }: ApiRequest): string {
  const given = raw.headers.get("x-correlation-id");
  return given !== null && isSaneId(given) ? given : id;
}

/** The fields of an object as they stand in its JSON. */
export const fieldsOf = (data: Readonly<Record<string, unknown>>): string => spacedJson(data).slice(1, -1);

/**
 * An event up to its correlation id, which is the one thing in it that is not the same for all who get it.
 *
 * @param fields one at least
 */
export const eventHead = (event: string, fields: string, id?: string): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: {${fields}, "correlation_id": `;

/** The rest of the event. */
export const eventTail = (correlation: string): string => `"${correlation}"}\n\n`;

/** An event for one listener. */
export const correlated = (
  correlation: string,
  event: string,
  data: Readonly<Record<string, unknown>>,
  id?: string,
): string => eventHead(event, fieldsOf(data), id) + eventTail(correlation);

export const connectionOpen = (correlation: string): string =>
  correlated(correlation, "connection_open", { status: "connected" });

export const connectionClose = (correlation: string, reason: string, id?: string): string =>
  correlated(correlation, "connection_close", { reason }, id);

export const heartbeat = (correlation: string, now: Date): string =>
  correlated(correlation, "heartbeat", { timestamp: now.toISOString() });
