import { type ClientId, encodeEvent, encodeRetry } from "@headwater/protocol";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Frame } from "../hub/frame.ts";
import type { Session } from "../hub/session.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";
import type { Cursor } from "../log/cursors.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import { randomRetryMs } from "../transports/retry.ts";
import { streamFrame } from "../transports/sse-codec.ts";
import type { SseListener } from "../transports/sse.ts";
import { type Connection, openConnection, type OpenConnectionContext, type Peer } from "./open-connection.ts";

/** One realtime event stream and its session. */
export class SseConnection implements SseListener {
  readonly #context: OpenConnectionContext;
  readonly #peer: Peer;
  readonly #since: Cursor | undefined;
  #connection: Connection<Session<Principal>> | undefined;

  constructor(context: OpenConnectionContext, peer: Peer, since: Cursor | undefined) {
    this.#context = context;
    this.#peer = peer;
    this.#since = since;
  }

  open(wire: Wire): void {
    const { hub } = this.#context;
    this.#connection = openConnection(this.#context, {
      kind: "sse",
      peer: this.#peer,
      principal: GUEST,
      wire,
      since: this.#since,
    });
    wire.send(FrameBatch.of(connectEvent(this.#connection.session.id, hub.size)));
  }

  drained(): void {
    this.#connection?.session.drained();
  }

  closed(reason: CloseReason | "client"): void {
    this.#connection?.ended(reason);
  }
}

/**
 * The first event, byte for byte as PocketBase sends it: SDKs take the client id from its `id:`. A `retry:` follows, for
 * clients that leave reconnecting to the standard `EventSource`.
 */
function connectEvent(id: ClientId, connections: number): Frame {
  const event = encodeEvent({ id, event: "PB_CONNECT", data: JSON.stringify({ clientId: id }) });
  return streamFrame(event + encodeRetry(randomRetryMs(connections)));
}
