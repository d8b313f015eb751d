import type { AccessLogEntry } from "../http/access-log.ts";
import type { Codec } from "../hub/frame.ts";
import type { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";
import { onConnectionOpened } from "../lib/connection-gc.ts";
import type { Cursor } from "../log/cursors.ts";
import type { Principal } from "../rules/principal.ts";
import { POKE_CODEC, SOCKET_POKE_CODEC } from "../transports/poke.ts";
import { SOCKET_CODEC } from "../transports/socket-codec.ts";
import { SSE_CODEC } from "../transports/sse-codec.ts";
import type { ConnectionLimiter } from "./connection-limiter.ts";

/** How the sessions of each kind encode events. */
const CODECS = {
  sse: SSE_CODEC,
  websocket: SOCKET_CODEC,
  poke: POKE_CODEC,
  /** A second session on a WebSocket, not a connection: see `SocketPokes`. */
  "websocket-poke": SOCKET_POKE_CODEC,
} as const satisfies Readonly<Record<string, Codec>>;

/** The peer of a connection, which outlives its request by hours and keeps nothing else of it. */
export interface Peer {
  readonly address: string;
  /** Written when the connection ends. */
  readonly logEntry: AccessLogEntry;
}

export interface SessionOptions {
  readonly kind: keyof typeof CODECS;
  readonly address: string;
  readonly principal: Principal;
  readonly wire: Wire;
  /** The cursor from which the first subscription resumes. */
  readonly since?: Cursor | undefined;
}

/** Opens a session of the hub. It receives nothing until it subscribes. */
export const openSession = (hub: Hub<Principal>, { kind, since, ...options }: SessionOptions): Session<Principal> =>
  hub.open({ ...options, id: hub.newClientId(since), codec: CODECS[kind], since, openedAt: Date.now() });

interface SessionConnectionOptions extends Omit<SessionOptions, "kind" | "address"> {
  readonly kind: "sse" | "websocket" | "poke";
  readonly peer: Peer;
}

/** Event streams pull from their own source and have no session. */
interface EventStreamOptions {
  readonly kind: "event-stream";
  readonly peer: Peer;
}

export interface OpenConnectionContext {
  readonly hub: Hub<Principal>;
  readonly connectionLimiter: ConnectionLimiter;
}

/** Opens a long-lived connection of any kind. Its transport calls `ended` exactly once. */
export function openConnection(
  context: OpenConnectionContext,
  options: SessionConnectionOptions,
): Connection<Session<Principal>>;
export function openConnection(context: OpenConnectionContext, options: EventStreamOptions): Connection<undefined>;
export function openConnection(
  { hub, connectionLimiter }: OpenConnectionContext,
  options: SessionConnectionOptions | EventStreamOptions,
): Connection<Session<Principal> | undefined> {
  const { peer } = options;
  connectionLimiter.add(peer.address);
  onConnectionOpened();
  if (options.kind === "event-stream") return new Connection(connectionLimiter, peer, undefined);
  const { kind, principal, wire, since } = options;
  const session = openSession(hub, { kind, address: peer.address, principal, wire, since });
  return new Connection(connectionLimiter, peer, session);
}

/** An open connection: counted against the limits until it ends, then logged. */
export class Connection<S extends Session<Principal> | undefined> {
  readonly peer: Peer;
  readonly session: S;
  readonly #limiter: ConnectionLimiter;

  constructor(limiter: ConnectionLimiter, peer: Peer, session: S) {
    this.#limiter = limiter;
    this.peer = peer;
    this.session = session;
  }

  ended(reason: CloseReason | "client" = "client"): void {
    this.session?.ended(reason);
    this.#limiter.remove(this.peer.address);
    this.peer.logEntry.write();
  }
}
