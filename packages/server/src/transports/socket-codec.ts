import type { HeartbeatMessage, ResyncMessage, ServerMessage } from "@headwater/protocol";
import type { Codec, Frame } from "../hub/frame.ts";

/** One message; its size is that of its WebSocket frame (RFC 6455, section 5.2). */
export function textFrame(text: string): Frame {
  const length = Buffer.byteLength(text);
  return { size: length + (length < 126 ? 2 : length < 65_536 ? 4 : 10), payload: text };
}

export const messageFrame = (message: ServerMessage): Frame => textFrame(JSON.stringify(message));

const EVENTS = {
  record: (source: string, data: string) =>
    `"record_event","collection":${JSON.stringify(source)},${data.slice(1, -1)}`,
  custom: (source: string, data: string) =>
    `"custom_event",${source === "" ? "" : `"channel":${JSON.stringify(source)},`}"data":${data}`,
  presence: (_: string, data: string) => `"presence",${data.slice(1, -1)}`,
};

/** WebSocket messages: one for all of a connection's subscriptions that get the same event. */
export const SOCKET_CODEC: Codec = {
  id: "websocket",
  merges: true,
  encode({ kind, source, time, data }, patterns, cursor) {
    if (kind === "resync") {
      const { reason, cursor: start } = JSON.parse(data) as Pick<ResyncMessage, "reason"> & { readonly cursor: string };
      const about = patterns.length > 0 ? { patterns } : {};
      return messageFrame({ type: "resync", reason, ...about, cursor: cursor ?? start });
    }
    // The event's data is JSON already, encoded once for everyone who gets it: it is inserted as it is.
    const event = EVENTS[kind](source, data);
    // A broadcast for everyone comes by no pattern.
    const about = source === "" ? "" : `,"patterns":${JSON.stringify(patterns)}`;
    const position = cursor === undefined ? "" : `,"cursor":"${cursor}"`;
    return textFrame(`{"type":${event},"timestamp":"${new Date(time).toISOString()}"${about}${position}}`);
  },
  /** Pings keep the connection alive; this is only for the cursor. */
  heartbeat: (cursor) =>
    cursor === undefined ? undefined : messageFrame({ type: "heartbeat", cursor } satisfies HeartbeatMessage),
  retry: () => undefined,
};
