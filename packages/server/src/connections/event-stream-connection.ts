import type { ApiRequest } from "../http/request.ts";
import { EventStream, type StreamSource } from "../transports/event-stream.ts";
import { openSse } from "../transports/sse.ts";
import { assertConnectionLimit, awaitSetupTurn } from "./assert-limits.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { type Connection, openConnection } from "./open-connection.ts";

/** Responds with an event stream that pulls from a source. It counts as a connection like any other. */
export async function openEventStream(
  request: ApiRequest,
  context: ConnectionContext,
  source: StreamSource,
): Promise<Response> {
  const peer = { address: request.ip, logEntry: request.logEntry };
  await awaitSetupTurn(context);
  assertConnectionLimit(context, peer.address);
  let connection: Connection<undefined> | undefined;
  const onOpen = (): void => {
    connection = openConnection(context, { kind: "event-stream", peer });
  };
  const stream = new EventStream(context.liveness.eventStreams, source, onOpen, () => connection?.ended());
  return openSse(request.raw, request.server, stream);
}
