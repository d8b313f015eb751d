import { RawSocket } from "@headwater/testing/clients/raw-socket.ts";
import { encodeFrame, OP } from "@headwater/testing/clients/socket-frames.ts";
import type { Stream, Subscription } from "./subscription.ts";

/**
 * Connects a subscriber on a WebSocket. With a topic, resolves once the subscription is confirmed.
 *
 * @param onText returns whether the message was an event
 */
export async function openSocket(
  { url, topic, tokens }: Subscription,
  subscriber: number,
  since: string | undefined,
  onText: (text: string) => boolean,
): Promise<Stream> {
  const subscribed = Promise.withResolvers<void>();
  const token = tokens?.[subscriber];
  const raw = await RawSocket.open(
    url,
    {
      onFrame({ opcode, payload }, socket) {
        if (opcode === OP.ping) socket.send(encodeFrame(OP.pong, payload));
        if (opcode !== OP.text) return;
        const text = payload.toString();
        if (onText(text)) return;
        if (text.includes('"type":"subscribed"')) subscribed.resolve();
        else if (text.includes('"type":"error"')) subscribed.reject(new Error(`a subscription was rejected: ${text}`));
      },
    },
    token === undefined ? {} : { authorization: token },
  );
  if (topic !== undefined) {
    raw.send(encodeFrame(OP.text, JSON.stringify({ type: "subscribe", pattern: topic, ...(since && { since }) })));
    await subscribed.promise;
  }
  return {
    close: () => raw.close(),
    get bytes() {
      return raw.bytes;
    },
    chunks: 0,
  };
}
