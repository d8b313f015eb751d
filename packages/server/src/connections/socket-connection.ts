import {
  type AuthMessage,
  type BadMessage,
  type ClientMessage,
  type Correlated,
  parseClientMessage,
  type ServerMessage,
  SOCKET_ERRORS,
  type SocketErrorCode,
  type SubscribeMessage,
  type SyncMessage,
  type UnsubscribeMessage,
} from "@headwater/protocol";
import { logFailedAuth } from "../http/failed-auth.ts";
import { mayActFrom } from "../http/superuser-address.ts";
import { identify, newRequester, type Requester } from "../http/requester.ts";
import type { Session } from "../hub/session.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";
import { type Bucket, takeToken } from "../lib/scheduling/token-bucket.ts";
import type { Cursor } from "../log/cursors.ts";
import type { Principal } from "../rules/principal.ts";
import { messageFrame } from "../transports/socket-codec.ts";
import type { SocketListener } from "../transports/socket.ts";
import { isWithinUserLimit } from "./assert-limits.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { type Connection, openConnection, type Peer } from "./open-connection.ts";
import { SocketPokes } from "./pokes/poke-session.ts";
import { type RoomsProblem, whyNotJoin } from "./pokes/rooms.ts";
import { type About, aboutOf, authOf, idOf, isShort } from "./reply-fields.ts";
import { type Replies, subscribe, unsubscribe } from "./socket-subscriptions.ts";

/** How many refused messages and pings a client may send: they cost the server something and achieve nothing. */
const UNPRODUCTIVE_LIMIT = { perSecond: 20, burst: 100 };
/** Messages that may wait while the one before them is handled. */
const MAX_WAITING = 256;

export interface SocketInit {
  readonly peer: Peer;
  readonly principal: Principal;
  /** The principal's; "" for a guest. */
  readonly token: string;
  /** The cursor to resume from; the events since then come first. */
  readonly since: Cursor | undefined;
}

/** One WebSocket and its session. Handles the client's messages one after another. */
export class SocketConnection implements SocketListener {
  readonly #context: ConnectionContext;
  /** Dropped once it is open: the principal may change. */
  #init: SocketInit | undefined;
  #connection: Connection<Session<Principal>> | undefined;
  /** Only for clients that sync. */
  #pokes: SocketPokes | undefined;
  readonly #unproductive: Bucket = { fullAt: 0 };
  /** Only while there are messages: most connections are quiet most of the time, and there are many. */
  #waiting: (ClientMessage | BadMessage)[] | undefined;
  #isHandling = false;

  constructor(context: ConnectionContext, init: SocketInit) {
    this.#context = context;
    this.#init = init;
  }

  get #session(): Session<Principal> | undefined {
    return this.#connection?.session;
  }

  open(wire: Wire): void {
    const { hub, cursors, config } = this.#context;
    const { peer, principal, token, since } = this.#init!;
    this.#init = undefined;
    this.#connection = openConnection(this.#context, { kind: "websocket", peer, principal, wire });
    const { session } = this.#connection;
    const { socketSubscriptions, socketRequestsPerSecond, socketMessageBytes } = config.limits;
    this.#send({
      type: "connected",
      connectionId: session.id,
      cursor: cursors.format(hub.seq),
      auth: authOf(principal),
      limits: {
        subscriptions: socketSubscriptions,
        requestsPerSecond: socketRequestsPerSecond,
        messageBytes: socketMessageBytes,
      },
    });
    hub.subscribe(session, principal, [], since);
    this.#endWith(session, token);
  }

  message(text: string | undefined): void {
    const { socketMessageBytes } = this.#context.config.limits;
    if (text === undefined) return this.#refuse({}, "bad_message", "A message must be text, not binary.");
    if (Buffer.byteLength(text) > socketMessageBytes) {
      const message = parseClientMessage(text);
      const about = aboutOf(message);
      const problem = `A message may be at most ${socketMessageBytes} bytes long.`;
      return this.#refuse(message, "limit_message", problem, isShort(about) ? about : {});
    }
    const waiting = (this.#waiting ??= []);
    waiting.push(parseClientMessage(text));
    if (waiting.length > MAX_WAITING) this.#session?.close("flood");
    else if (!this.#isHandling) void this.#handleWaiting();
  }

  pinged(): void {
    this.#countUnproductive();
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(reason: CloseReason | "client"): void {
    this.#waiting = undefined;
    this.#pokes?.stop();
    this.#connection?.ended(reason);
  }

  /** Stays in the turn in which the message arrived unless handling it has to wait. */
  async #handleWaiting(): Promise<void> {
    this.#isHandling = true;
    for (let message = this.#waiting?.shift(); message; message = this.#waiting?.shift()) {
      try {
        const pending = this.#handle(message);
        if (pending) await pending;
      } catch (error) {
        this.#fail(message, error);
      }
    }
    this.#isHandling = false;
    this.#waiting = undefined;
  }

  #handle(message: ClientMessage | BadMessage): Promise<void> | undefined {
    const session = this.#session;
    if (!session || session.isClosed) return undefined;
    if (message.type === "bad") this.#refuse(message, "bad_message", message.problem, aboutOf(message));
    else if (message.type === "ping") {
      if (this.#countUnproductive()) this.#send({ type: "pong", ...idOf(message) });
    } else if (this.#isWithinRate(session, message)) {
      if (message.type === "auth") return this.#authenticate(session, message);
      if (message.type === "sync") return this.#sync(session, message);
      return this.#changeSubscriptions(session, message);
    }
    return undefined;
  }

  /** Changes the principal and keeps the subscriptions. */
  #authenticate(session: Session<Principal>, message: AuthMessage): Promise<void> {
    const requester = newRequester(message.token ?? "", this.#context.now());
    return identify(requester, this.#context, (principal) => {
      if (requester.token !== "" && principal.kind === "guest") {
        logFailedAuth(this.#context.logger, { id: session.id, ip: session.address }, "the token is not valid");
        this.#refuse(message, "invalid_token", "The token is not valid or has expired.");
      } else if (!mayActFrom(session.address, principal, this.#context)) {
        this.#refuse(message, "invalid_token", "The token is not valid at this address.");
      } else this.#betweenChanges(session, message, () => this.#changePrincipal(session, message, requester));
    });
  }

  #changePrincipal(session: Session<Principal>, message: AuthMessage, { principal, token }: Requester): void {
    if (!isWithinUserLimit(this.#context, session.principal, principal)) {
      this.#refuse(message, "limit_connections_user", "The user has reached the limit of connections.");
      return;
    }
    this.#context.hub.subscribe(session, principal, session.subscriptions);
    this.#endWith(session, token);
    this.#send({ type: "authenticated", auth: authOf(principal), ...idOf(message) });
    if (!this.#pokes?.isOn) return;
    this.#pokes.start(principal);
    // A poke may have been on its way to the session before.
    if (this.#pokes.isOn) this.#send({ type: "sync" });
  }

  /** A connection whose token has expired is closed: as a guest's, it would go on without a word, and without events. */
  #endWith(session: Session<Principal>, token: string): void {
    this.#context.tokenExpiry.set(session, token, () => {
      // Its account may have been revoked before that.
      if (session.principal.kind !== "guest") session.close("auth_expired");
    });
  }

  #sync(session: Session<Principal>, message: SyncMessage): Promise<void> | undefined {
    const { on, rooms = [] } = message;
    const apply = (problem?: RoomsProblem): void => {
      if (problem) return this.#refuse(message, problem.code, problem.problem, { rooms: problem.rooms });
      this.#betweenChanges(session, message, () => {
        if (session.principal.kind === "guest") {
          return this.#refuse(message, "forbidden", "Only signed-in users can sync.", aboutOf(message));
        }
        this.#pokes ??= new SocketPokes(this.#context, session.address, () => this.#send({ type: "sync" }));
        if (on) this.#pokes.start(session.principal, rooms);
        else this.#pokes.stop();
        this.#send({ type: "sync", ...idOf(message), ...(rooms.length > 0 && { rooms }) });
      });
    };
    if (session.principal.kind === "guest" || rooms.length === 0) apply();
    else return whyNotJoin(rooms, session.principal, this.#context).then(apply);
    return undefined;
  }

  #changeSubscriptions(
    session: Session<Principal>,
    message: SubscribeMessage | UnsubscribeMessage,
  ): Promise<void> | undefined {
    const change = (isAdmitted: boolean): void => {
      if (isAdmitted) this.#changeSubscriptionsNow(session, message);
      else {
        const about = { ...aboutOf(message), retryAfter: 1 };
        this.#refuse(message, "limit_setups", "Too many connections are being set up.", about);
      }
    };
    const turn = this.#context.setupLimiter.enter();
    if (turn instanceof Promise) return turn.then(change);
    change(turn);
    return undefined;
  }

  #changeSubscriptionsNow(session: Session<Principal>, message: SubscribeMessage | UnsubscribeMessage): void {
    const replies: Replies = {
      reply: (reply) => this.#send({ ...reply, ...idOf(message) }),
      refuse: (code, problem, pattern) =>
        this.#refuse(message, code, problem, pattern === undefined ? aboutOf(message) : { pattern }),
    };
    this.#betweenChanges(session, message, () => {
      if (message.type === "subscribe") subscribe(session, message, this.#context, replies);
      else unsubscribe(session, message, this.#context, replies);
    });
  }

  /** Runs while no change is being delivered, so that the effect is immediate. */
  #betweenChanges(session: Session<Principal>, message: ClientMessage, work: () => void): void {
    this.#context.hub.betweenChanges(() => {
      if (session.isClosed) return;
      try {
        work();
      } catch (error) {
        this.#fail(message, error);
      }
    });
  }

  #fail(message: ClientMessage | BadMessage, error: unknown): void {
    this.#context.logger.error({ err: error, connection: this.#session?.id }, "a WebSocket message failed");
    this.#refuse(message, "failed", "The server failed to handle the message.", aboutOf(message));
  }

  #isWithinRate(session: Session<Principal>, message: ClientMessage): boolean {
    const perSecond = this.#context.config.limits.socketRequestsPerSecond;
    const wait = takeToken(session.requests, { perSecond, burst: Math.max(1, perSecond) }, performance.now());
    if (wait === 0) return true;
    const about = { ...aboutOf(message), retryAfter: Math.ceil(wait / 100) / 10 };
    this.#refuse(message, "limit_requests", "Too many requests per second.", about);
    return false;
  }

  #refuse(message: Correlated, code: SocketErrorCode, problem: string, about: About = {}): void {
    if (!this.#countUnproductive()) return;
    if (code.startsWith("limit_")) this.#context.metrics.refused(code);
    const { retryAfter, ...names } = about;
    this.#send({
      type: "error",
      code,
      message: problem,
      ...names,
      ...idOf(message),
      retry: SOCKET_ERRORS[code],
      ...(retryAfter !== undefined && { retryAfter }),
    });
  }

  /** @returns false if the client has sent too much that achieves nothing; its connection is closed */
  #countUnproductive(): boolean {
    if (takeToken(this.#unproductive, UNPRODUCTIVE_LIMIT, performance.now()) === 0) return true;
    this.#session?.close("flood");
    return false;
  }

  #send(message: ServerMessage): void {
    this.#session?.send([messageFrame(message)]);
  }
}
