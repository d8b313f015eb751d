import type { AccessLogEntry } from "../http/access-log.ts";
import type { Codec } from "../hub/frame.ts";
import type { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import type { Wire } from "../hub/wire.ts";
import { onConnectionOpened } from "../lib/collect-garbage.ts";
import type { Cursor } from "../log/cursors.ts";
import type { Principal } from "../rules/principal.ts";
import type { EndReason } from "../transports/event-stream.ts";
import { POKE_CODEC, SOCKET_POKE_CODEC } from "../transports/poke.ts";
import { SOCKET_CODEC } from "../transports/socket-codec.ts";
import { SSE_CODEC } from "../transports/sse-codec.ts";
import type { ConnectionLimiter } from "./connection-limiter.ts";
import type { ConnectionKind, ConnectionLog, LoggedConnection } from "./connection-log.ts";

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
  readonly kind: Exclude<ConnectionKind, "event-stream">;
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
  readonly connectionLog: ConnectionLog;
}

/** Opens a long-lived connection of any kind. Its transport calls `ended` exactly once. */
export function openConnection(
  context: OpenConnectionContext,
  options: SessionConnectionOptions,
): Connection<Session<Principal>>;
export function openConnection(context: OpenConnectionContext, options: EventStreamOptions): Connection<undefined>;
export function openConnection(
  context: OpenConnectionContext,
  options: SessionConnectionOptions | EventStreamOptions,
): Connection<Session<Principal> | undefined> {
  const { peer } = options;
  context.connectionLimiter.add(peer.address);
  onConnectionOpened();
  if (options.kind === "event-stream") return new Connection(context, options.kind, peer, undefined);
  const { kind, principal, wire, since } = options;
  const session = openSession(context.hub, { kind, address: peer.address, principal, wire, since });
  return new Connection(context, kind, peer, session);
}

/** An open connection: counted against the limits until it ends, and logged. */
export class Connection<S extends Session<Principal> | undefined> implements LoggedConnection {
  readonly kind: ConnectionKind;
  readonly peer: Peer;
  readonly session: S;
  readonly #context: OpenConnectionContext;
  readonly #openedAt = performance.now();

  constructor(context: OpenConnectionContext, kind: ConnectionKind, peer: Peer, session: S) {
    this.#context = context;
    this.kind = kind;
    this.peer = peer;
    this.session = session;
    context.connectionLog.opened(this);
  }

  get address(): string {
    return this.peer.address;
  }

  get request(): string {
    return this.peer.logEntry.request;
  }

  get user(): string {
    return this.peer.logEntry.principal;
  }

  ended(reason: EndReason): void {
    this.session?.ended(reason === "completed" ? "client" : reason);
    this.#context.connectionLimiter.remove(this.address);
    this.#context.connectionLog.closed(this, reason, performance.now() - this.#openedAt);
    this.peer.logEntry.write();
  }
}
