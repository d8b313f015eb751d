import type { Logger } from "pino";
import { principalName } from "../http/access-log.ts";
import type { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import { GUEST, type Principal, principalKey } from "../rules/principal.ts";

/** How often the log says what is connected, in milliseconds. */
const SUMMARY_MS = 60_000;

export type ConnectionKind = "sse" | "websocket" | "poke" | "event-stream";

/** What the log shows of a connection. */
export interface LoggedConnection {
  readonly kind: ConnectionKind;
  readonly address: string;
  /** The id of its request. */
  readonly request: string;
  /** `undefined` for an event stream, whose request names the user. */
  readonly session: Session<Principal> | undefined;
  /** `users/ID`; "" for a guest. Counts if there is no session. */
  readonly user: string;
}

interface Counts {
  opened: number;
  closed: number;
  pokes: number;
}

/**
 * Logs connections: each of them at `debug`, and once a minute at `info` how many there are, while there are any. While
 * `debug` is off, a connection costs a few counters.
 */
export class ConnectionLog {
  readonly #logger: Logger;
  readonly #hub: Pick<Hub<Principal>, "principals" | "countOf">;
  readonly #open: Record<ConnectionKind, number> = { sse: 0, websocket: 0, poke: 0, "event-stream": 0 };
  #since: Counts = { opened: 0, closed: 0, pokes: 0 };

  constructor(logger: Logger, hub: Pick<Hub<Principal>, "principals" | "countOf">) {
    this.#logger = logger;
    this.#hub = hub;
  }

  /** @returns a function that stops the summary */
  start(): () => void {
    const timer = setInterval(() => this.summarize(), SUMMARY_MS);
    return () => clearInterval(timer);
  }

  opened(connection: LoggedConnection): void {
    this.#open[connection.kind] += 1;
    this.#since.opened += 1;
    if (this.#isOn) this.#logger.debug(this.#describe(connection), "connected");
  }

  /** @param ms how long it was open */
  closed(connection: LoggedConnection, reason: string, ms: number): void {
    this.#open[connection.kind] -= 1;
    this.#since.closed += 1;
    if (this.#isOn) this.#logger.debug({ ...this.#describe(connection), reason, ms: Math.round(ms) }, "disconnected");
  }

  /** A session has other subscriptions, or another principal. */
  subscribed({ id, codec, principal, subscriptions }: Session<Principal>): void {
    if (!this.#isOn) return;
    const user = { user: principalName(principal), clients: this.#clientsOf(principal) };
    const about = { connection: id, kind: codec.id, ...user, subscriptions: subscriptions.length };
    this.#logger.debug(about, "subscribed");
  }

  /** A poke was sent to a client. */
  poked({ id, principal }: Session<Principal>): void {
    this.#since.pokes += 1;
    if (this.#isOn) this.#logger.debug({ connection: id, user: principalName(principal) }, "poke sent");
  }

  /** Pokes were asked for. @param target the key of a user, or a room */
  poking(target: { readonly user: string } | { readonly room: string }, clients: number): void {
    if (this.#isOn) this.#logger.debug({ ...target, clients }, "poke");
  }

  /** Logs how many connections there are, and what came and went since the last time. */
  summarize(): void {
    const open = Object.values(this.#open).reduce((sum, count) => sum + count, 0);
    const since = this.#since;
    if (open === 0 && since.opened === 0 && since.closed === 0) return;
    this.#since = { opened: 0, closed: 0, pokes: 0 };
    this.#logger.info({ open, ...this.#open, users: this.#countUsers(), ...since }, "connections");
  }

  #countUsers(): number {
    return this.#hub.principals - (this.#hub.countOf(principalKey(GUEST)) > 0 ? 1 : 0);
  }

  get #isOn(): boolean {
    return this.#logger.isLevelEnabled("debug");
  }

  #describe({ kind, address, request, session, user }: LoggedConnection): Readonly<Record<string, unknown>> {
    if (!session) return { request, kind, address, user };
    const { id, principal } = session;
    return {
      connection: id,
      request,
      kind,
      address,
      user: principalName(principal),
      clients: this.#clientsOf(principal),
    };
  }

  /** How many connections the user has; `undefined` for a guest. */
  #clientsOf(principal: Principal): number | undefined {
    return principal.kind === "guest" ? undefined : this.#hub.countOf(principalKey(principal));
  }
}
