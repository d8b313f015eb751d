import type { ApiRequest } from "../http/request.ts";
import { identify, type Requester } from "../http/requester.ts";
import { type EndReason, EventStream, type StreamSource } from "../transports/event-stream.ts";
import { openSse } from "../transports/sse.ts";
import { assertConnectionLimit, awaitSetupTurn } from "./assert-limits.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { type Connection, openConnection } from "./open-connection.ts";

/**
 * Responds with an event stream that pulls from a source. It counts as a connection like any other.
 *
 * @param token ends the stream when it expires or is revoked; "" for a stream that needs no rights
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
  let forget = (): void => {};
  // Not the request itself, which the stream outlives.
  const { principal, principalRevision, now } = request;
  const requester: Requester = { token, now, principal, principalRevision };
  const { liveness, tokenExpiry, streamOwners } = context;
  const onOpen = (): void => {
    connection = openConnection(context, { kind: "event-stream", peer });
    if (token === "") return;
    tokenExpiry.set(stream, token, () => stream.expire());
    forget = streamOwners.add(principal, () => stream.expire());
    // Accounts may have changed since the principal was read.
    void identify(requester, context, ({ kind }) => kind === "guest" && stream.expire()).catch(() => stream.expire());
  };
  const onClosed = (reason: EndReason): void => {
    tokenExpiry.remove(stream);
    forget();
    connection?.ended(reason);
  };
  const stream = new EventStream(liveness.eventStreams, source, onOpen, onClosed);
  return openSse(request.raw, request.server, stream);
}
