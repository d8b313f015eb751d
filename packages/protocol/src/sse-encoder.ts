/** One server-sent event. `data` must be a single line, as JSON is. */
export interface SseEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: string;
}

/** Encodes an event byte for byte as PocketBase does: no space after the colons, LF line ends, one empty line. */
export const encodeEvent = ({ id, event, data }: SseEvent): string =>
  `${id === undefined ? "" : `id:${id}\n`}event:${event}\ndata:${escapeLineEnds(data)}\n\n`;

/**
 * The same JSON without the line ends of Unicode, for every event of every stream: readers that split lines like Python's
 * `splitlines` would cut the event there. In JSON they occur in strings only.
 */
export const escapeLineEnds = (json: string): string => json.replace(LINE_ENDS, escape);

const LINE_ENDS = /[\u0085\u2028\u2029]/g;
const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A comment, which keeps proxies from closing an idle connection. Clients ignore it (WHATWG HTML, section 9.2.6). */
export const HEARTBEAT = ":\n\n";

/**
 * A heartbeat that updates the client's last event id. Without data, no event is dispatched, but the id counts (same
 * section), so that a quiet connection still resumes from a recent cursor.
 */
export const encodeHeartbeat = (id: string): string => `:\nid:${id}\n\n`;

/** Sets the client's reconnection time, in milliseconds. */
export const encodeRetry = (milliseconds: number): string => `retry:${milliseconds}\n\n`;
