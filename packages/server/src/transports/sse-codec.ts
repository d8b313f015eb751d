import { encodeEvent, encodeHeartbeat, encodeRetry, HEARTBEAT } from "@headwater/protocol";
import type { Codec, Frame } from "../hub/frame.ts";

const encoder = new TextEncoder();

/** Text for a stream, as it is. */
export function streamFrame(text: string): Frame {
  const payload = encoder.encode(text);
  return { size: payload.length, payload };
}

/** PocketBase's stream: one event for each subscription that matches, named after it. */
export const SSE_CODEC: Codec = {
  id: "sse",
  merges: false,
  encode({ kind, data }, names, cursor) {
    const id = cursor === undefined ? undefined : { id: cursor };
    if (kind !== "resync") return streamFrame(encodeEvent({ ...id, event: names[0]!, data }));
    const about = names.length > 0 ? `${data.slice(0, -1)},"subscriptions":${JSON.stringify(names)}}` : data;
    return streamFrame(encodeEvent({ ...id, event: "resync", data: about }));
  },
  heartbeat: (cursor) => streamFrame(cursor === undefined ? HEARTBEAT : encodeHeartbeat(cursor)),
  retry: (milliseconds) => streamFrame(encodeRetry(milliseconds)),
};
