/** One server-sent event. `data` must be one line: JSON is. */
export interface SseEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: string;
}

/** Writes an event byte for byte as PocketBase does: no space after the colons, LF, one empty line. */
export const encodeEvent = ({ id, event, data }: SseEvent): string =>
  `${id === undefined ? "" : `id:${id}\n`}event:${event}\ndata:${data}\n\n`;

/** A comment keeps proxies and timeouts awake; clients never see it (WHATWG HTML, section 9.2.6). */
export const HEARTBEAT = ":\n\n";

/**
 * A heartbeat that moves the client's last event id: without data no event is dispatched, but the id counts (same
 * section). So a connection that hears little still comes back from a recent place.
 */
export const encodeHeartbeat = (id: string): string => `:\nid:${id}\n\n`;

/** Tells the client how long to wait before it comes back, in milliseconds. */
export const encodeRetry = (milliseconds: number): string => `retry:${milliseconds}\n\n`;
