/** One server-sent event. `data` must be a single line, as JSON is. */
export interface SseEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: string;
}

/** Encodes an event byte for byte as PocketBase does: no space after the colons, LF line ends, one empty line. */
export const encodeEvent = ({ id, event, data }: SseEvent): string =>
  `${id === undefined ? "" : `id:${id}\n`}event:${event}\ndata:${data}\n\n`;

/** A comment, which keeps proxies from closing an idle connection. Clients ignore it (WHATWG HTML, section 9.2.6). */
export const HEARTBEAT = ":\n\n";

/**
 * A heartbeat that updates the client's last event id. Without data, no event is dispatched, but the id counts (same
 * section), so that a quiet connection still resumes from a recent cursor.
 */
export const encodeHeartbeat = (id: string): string => `:\nid:${id}\n\n`;

/** Sets the client's reconnection time, in milliseconds. */
export const encodeRetry = (milliseconds: number): string => `retry:${milliseconds}\n\n`;
