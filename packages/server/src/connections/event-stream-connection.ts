import type { ApiRequest } from "../http/request.ts";
import { type EndReason, EventStream, type StreamSource } from "../transports/event-stream.ts";
import { openSse } from "../transports/sse.ts";
import { assertConnectionLimit, awaitSetupTurn } from "./assert-limits.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { type Connection, openConnection } from "./open-connection.ts";

/**
 * Responds with an event stream that pulls from a source. It counts as a connection like any other.
 *
 * @param token ends the stream when it expires; "" for a stream that needs no rights
 */
export async function openEventStream(
  request: ApiRequest,
  context: ConnectionContext,
  source: StreamSource,
  token: string,
): Promise<Response> {
  const peer = { address: request.ip, logEntry: request.logEntry };
  await awaitSetupTurn(context);
  assertConnectionLimit(context, peer.address);
  let connection: Connection<undefined> | undefined;
  const { liveness, tokenExpiry } = context;
  const onOpen = (): void => {
    connection = openConnection(context, { kind: "event-stream", peer });
    tokenExpiry.set(stream, token, () => stream.expire());
  };
  const onClosed = (reason: EndReason): void => {
    tokenExpiry.remove(stream);
    connection?.ended(reason);
  };
  const stream = new EventStream(liveness.eventStreams, source, onOpen, onClosed);
  return openSse(request.raw, request.server, stream);
}
