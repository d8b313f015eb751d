import {
  type AuthMessage,
  type BadMessage,
  clientId,
  type ClientMessage,
  type Correlated,
  type Cursor,
  formatCursor,
  parseClientMessage,
  type ServerMessage,
  type SocketAuth,
  SOCKET_ERRORS,
  type SocketErrorCode,
  type SyncMessage,
} from "@headwater/protocol";
import type { Session } from "../hub/session.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";
import { noteOpened } from "../lib/collect-young.ts";
import { randomText } from "../lib/random.ts";
import { type Bucket, takeToken } from "../lib/token-bucket.ts";
import type { Principal } from "../rules/principal.ts";
import { messageFrame, SOCKET_CODEC } from "../transports/socket-codec.ts";
import type { SocketListener } from "../transports/socket.ts";
import type { AccessLine } from "../http/access-log.ts";
import type { ApiContext } from "../http/api-context.ts";
import { identify, isOutdated, newAsker } from "../http/identify.ts";
import { hasRoomForUser } from "./limits.ts";
import { SocketPokes } from "./socket-pokes.ts";
import { type Replies, subscribe, unsubscribe } from "./socket-subscriptions.ts";

/** What a client may do that costs us something and gets it nowhere: messages that are refused, and pings. */
const IDLE_TALK = { perSecond: 20, burst: 100 };
/** Messages that may wait while the one before them is looked into. */
const MAX_WAITING = 256;

/** Who connects. */
export interface Newcomer {
  readonly address: string;
  readonly principal: Principal;
  /** Where it was before: what was told everyone since then comes first. */
  readonly since: Cursor | undefined;
  readonly line: AccessLine;
}

/** One WebSocket and its session: takes what the client says, one message after the other. */
export class SocketConnection implements SocketListener {
  readonly #deps: ApiContext;
  readonly #address: string;
  readonly #line: AccessLine;
  /** Until it is open: it may be somebody else later. */
  #newcomer: Newcomer | undefined;
  #session: Session<Principal> | undefined;
  /** For those that sync. */
  #pokes: SocketPokes | undefined;
  readonly #idleTalk: Bucket = { fullAt: 0 };
  /** Made for those that say something, and not kept: most are quiet most of the time, and each is held for hours. */
  #waiting: (ClientMessage | BadMessage)[] | undefined;
  #working = false;

  constructor(deps: ApiContext, newcomer: Newcomer) {
    this.#deps = deps;
    this.#address = newcomer.address;
    this.#line = newcomer.line;
    this.#newcomer = newcomer;
  }

  open(wire: Wire): void {
    const { hub, admission, epoch, config } = this.#deps;
    const { address, principal, since } = this.#newcomer!;
    this.#newcomer = undefined;
    const id = clientId(randomText(40));
    admission.enter(address);
    noteOpened();
    const openedAt = Date.now();
    this.#session = hub.open({ id, address, principal, wire, codec: SOCKET_CODEC, since: undefined, openedAt });
    const { socketSubscriptions, socketRequestsPerSecond, socketMessageBytes } = config.limits;
    this.#say({
      type: "connected",
      connectionId: id,
      cursor: formatCursor({ epoch, seq: hub.seq }),
      auth: authOf(principal),
      limits: {
        subscriptions: socketSubscriptions,
        requestsPerSecond: socketRequestsPerSecond,
        messageBytes: socketMessageBytes,
      },
    });
    hub.subscribe(this.#session, principal, [], since);
  }

  message(text: string | undefined): void {
    const { socketMessageBytes } = this.#deps.config.limits;
    if (text === undefined) return this.#refuse({}, "bad_message", "A message is a text, not bytes.");
    if (Buffer.byteLength(text) > socketMessageBytes) {
      return this.#refuse({}, "limit_message", `A message may have ${socketMessageBytes} bytes.`);
    }
    const waiting = (this.#waiting ??= []);
    waiting.push(parseClientMessage(text));
    if (waiting.length > MAX_WAITING) this.#session?.close("flood");
    else if (!this.#working) void this.#work();
  }

  pinged(): void {
    this.#pay();
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(reason: CloseReason | "client"): void {
    this.#waiting = undefined;
    this.#pokes?.stop();
    this.#session?.ended(reason);
    this.#deps.admission.leave(this.#address);
    this.#line.write();
  }

  /** Stays in the turn in which the message came, unless something has to be found out first. */
  async #work(): Promise<void> {
    this.#working = true;
    for (let message = this.#waiting?.shift(); message; message = this.#waiting?.shift()) {
      try {
        const work = this.#take(message);
        if (work) await work;
      } catch (error) {
        this.#fail(message, error);
      }
    }
    this.#working = false;
    this.#waiting = undefined;
  }

  #take(message: ClientMessage | BadMessage): Promise<void> | undefined {
    const session = this.#session;
    if (!session || session.closed) return undefined;
    if (message.type === "bad") this.#refuse(message, "bad_message", message.problem);
    else if (message.type === "ping") {
      if (this.#pay()) this.#say({ type: "pong", ...idOf(message) });
    } else if (this.#isInPace(session, message)) {
      if (message.type === "auth") return this.#authenticate(session, message);
      if (message.type === "sync") this.#sync(session, message);
      else return this.#change(session, message);
    }
    return undefined;
  }

  /** Another principal, for all that the connection listens to. */
  async #authenticate(session: Session<Principal>, message: AuthMessage): Promise<void> {
    const asker = newAsker(message.token ?? "", this.#deps.now());
    while (isOutdated(asker, this.#deps)) await identify(asker, this.#deps);
    const { principal } = asker;
    if (asker.token !== "" && principal.kind === "guest") {
      return this.#refuse(message, "invalid_token", "The token is not valid, or not any more.");
    }
    this.#between(session, message, () => {
      if (!hasRoomForUser(this.#deps, session.principal, principal)) {
        this.#refuse(message, "limit_connections_user", "The user has all the connections that it may have.");
        return;
      }
      this.#deps.hub.subscribe(session, principal, session.subscriptions);
      if (this.#pokes?.isOn) this.#pokes.start(principal);
      this.#say({ type: "authenticated", auth: authOf(principal), ...idOf(message) });
    });
  }

  #sync(session: Session<Principal>, message: SyncMessage): void {
    if (session.principal.kind === "guest") return this.#refuse(message, "forbidden", "Only users have what to pull.");
    this.#between(session, message, () => {
      const poke = (): void => this.#say({ type: "sync" });
      this.#pokes ??= new SocketPokes(this.#deps, this.#address, poke);
      if (message.on) this.#pokes.start(session.principal);
      else this.#pokes.stop();
      this.#say({ type: "sync", ...idOf(message) });
    });
  }

  #change(
    session: Session<Principal>,
    message: Extract<ClientMessage, { type: "subscribe" | "unsubscribe" }>,
  ): Promise<void> | undefined {
    const change = (isIn: boolean): void => {
      if (isIn) this.#changeNow(session, message);
      else this.#refuse(message, "limit_setups", "Too many connections are being set up.", undefined, 1);
    };
    const turn = this.#deps.setups.enter();
    if (turn instanceof Promise) return turn.then(change);
    change(turn);
    return undefined;
  }

  #changeNow(
    session: Session<Principal>,
    message: Extract<ClientMessage, { type: "subscribe" | "unsubscribe" }>,
  ): void {
    const replies: Replies = {
      reply: (answer) => this.#say({ ...answer, ...idOf(message) }),
      refuse: (code, problem, pattern) => this.#refuse(message, code, problem, pattern),
    };
    this.#between(session, message, () => {
      if (message.type === "subscribe") subscribe(session, message, this.#deps, replies);
      else unsubscribe(session, message, this.#deps, replies);
    });
  }

  /** When no change is being told: then the session is what it is, and what is asked for holds at once. */
  #between(session: Session<Principal>, message: ClientMessage, work: () => void): void {
    this.#deps.hub.between(() => {
      if (session.closed) return;
      try {
        work();
      } catch (error) {
        this.#fail(message, error);
      }
    });
  }

  #fail(message: Correlated, error: unknown): void {
    this.#deps.logger.error({ err: error, connection: this.#session?.id }, "a message could not be answered");
    this.#refuse(message, "failed", "Something went wrong here.");
  }

  #isInPace(session: Session<Principal>, message: ClientMessage): boolean {
    const perSecond = this.#deps.config.limits.socketRequestsPerSecond;
    const wait = takeToken(session.requests, { perSecond, burst: Math.max(1, perSecond) }, performance.now());
    if (wait === 0) return true;
    this.#refuse(message, "limit_requests", "Too many requests a second.", undefined, Math.ceil(wait / 100) / 10);
    return false;
  }

  #refuse(message: Correlated, code: SocketErrorCode, problem: string, pattern?: string, retryAfter?: number): void {
    if (!this.#pay()) return;
    this.#say({
      type: "error",
      code,
      message: problem,
      ...(pattern !== undefined && { pattern }),
      ...idOf(message),
      retry: SOCKET_ERRORS[code],
      ...(retryAfter !== undefined && { retryAfter }),
    });
  }

  /** Counts what gets the client nowhere. @returns false when that was too much, and the end */
  #pay(): boolean {
    if (takeToken(this.#idleTalk, IDLE_TALK, performance.now()) === 0) return true;
    this.#session?.close("flood");
    return false;
  }

  #say(message: ServerMessage): void {
    this.#session?.send([messageFrame(message)]);
  }
}

const idOf = ({ id }: Correlated): Correlated => (id === undefined ? {} : { id });

const authOf = (principal: Principal): SocketAuth =>
  principal.kind === "guest" ? null : { collection: principal.collection.name, id: principal.values.id };
