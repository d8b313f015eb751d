import { cursorScope } from "@headwater/protocol";
import type { Clock } from "../clock.ts";
import { Connection } from "../connection/connection.ts";
import type { ConnectionState } from "../connection/connection-state.ts";
import { HeadwaterError } from "../errors.ts";
import type { Link, LinkEvent } from "../transport/transport.ts";
import { SubscriptionTable } from "./subscription-table.ts";
import type { SubscriptionListener } from "./shared-subscription.ts";
import { readResync } from "./events.ts";
import type { Monitor } from "./monitor.ts";
import type { RealtimeDependencies } from "./realtime-options.ts";
import { SubscriptionReconciler } from "./subscription-reconciler.ts";

/** Headwater sends a heartbeat every 20 to 40 seconds. PocketBase closes idle connections after five minutes. */
const QUIET_MS = { headwater: 50_000, pocketbase: 330_000 };

/** A client's only connection, open while there are subscriptions, and the subscriptions on the server. */
export class RealtimeSession {
  readonly #dependencies: RealtimeDependencies;
  readonly #clock: Clock;
  readonly #monitor: Monitor;
  readonly #table = new SubscriptionTable();
  readonly #connection: Connection;
  readonly #stopTokenListener: () => void;
  readonly #onFailed: (error: HeadwaterError) => void;
  #reconciler: SubscriptionReconciler | undefined;
  #clientId = "";
  #connectStartedAt = 0;
  /** Why the connection is not open, or why the server has not processed the subscriptions; the client retries. */
  #failure: HeadwaterError | undefined;
  /** The server has sent a cursor, so it keeps a log. */
  #hasLog = false;

  /** @param onFailed called when the connection fails for good, before the subscriptions end */
  constructor(dependencies: RealtimeDependencies, monitor: Monitor, onFailed: (error: HeadwaterError) => void) {
    this.#dependencies = dependencies;
    this.#monitor = monitor;
    this.#onFailed = onFailed;
    const { transport, lifecycle, random, limits, api } = dependencies;
    this.#clock = api.http.clock;
    this.#connection = new Connection({
      transport,
      lifecycle,
      random,
      limits,
      clock: this.#clock,
      quietMs: () => dependencies.quietMs ?? (this.#hasLog ? QUIET_MS.headwater : QUIET_MS.pocketbase),
      listener: {
        onStateChange: (state, before) => this.#onStateChange(state, before),
        onOpen: (link, clientId) => this.#onOpen(link, clientId),
        onEvent: (event) => this.#onEvent(event),
        onCursor: (id) => this.#onCursor(id),
        onBytes: (count) => (monitor.bytes += count),
        onWarning: (error) => monitor.warning(error),
      },
    });
    this.#stopTokenListener = api.identity.onToken((isSameUser) => this.#onToken(isSameUser));
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** The server's id for the current connection; "" while there is none. */
  get clientId(): string {
    return this.state.kind === "open" ? this.#clientId : "";
  }

  get failure(): HeadwaterError | undefined {
    return this.#failure;
  }

  get names(): readonly string[] {
    return this.#table.names;
  }

  has(name: string): boolean {
    return this.#table.has(name);
  }

  isTaken(name: string): boolean {
    return this.#table.isTaken(name);
  }

  join(name: string, listener: SubscriptionListener, since: string | undefined): void {
    this.#hasLog ||= since !== undefined;
    this.#table.add(name, listener, since);
    this.#connection.send({ kind: "start" });
    this.#reconciler?.wake();
  }

  /** Resolves when the server has removed the subscription. */
  async leave(name: string, listener: SubscriptionListener): Promise<void> {
    this.#table.remove(name, listener);
    await Promise.resolve(); // To leave and join in one turn of the event loop keeps the connection.
    if (this.#table.size === 0) return this.#connection.send({ kind: "stop" });
    this.#reconciler?.wake();
    await this.#reconciler?.whenIdle();
  }

  /** Received invalid data: ends the connection in strict mode, otherwise emits a warning. */
  malformed(error: HeadwaterError): void {
    if (this.#dependencies.strict) this.#connection.send({ kind: "refused", error });
    else this.#monitor.warning(error);
  }

  close(error: HeadwaterError): void {
    this.#stopTokenListener();
    this.#table.fail(error);
    this.#connection.send({ kind: "stop" });
  }

  #onStateChange(state: ConnectionState, before: ConnectionState): void {
    if (before.kind === "open") this.#reconciler?.stop();
    if (before.kind === "open") this.#reconciler = undefined;
    if (state.kind !== "connecting") this.#failure = state.kind === "waiting" ? state.error : undefined;
    if (state.kind === "connecting") this.#connectStartedAt = this.#clock.now();
    if (state.kind === "failed") {
      this.#onFailed(state.error);
      this.#table.fail(state.error);
    }
    this.#monitor.emit({ kind: "state", state });
  }

  #onOpen(link: Link, clientId: string): void {
    const { api, random, limits } = this.#dependencies;
    this.#clientId = clientId;
    this.#table.linkOpened();
    this.#reconciler = new SubscriptionReconciler({
      link,
      table: this.#table,
      identity: api.identity,
      clock: this.#clock,
      random,
      limits,
      onLatency: (milliseconds) => this.#monitor.latency(milliseconds),
      onBusy: (error) => (this.#failure = error),
      onLost: (error) => this.#connection.send({ kind: "lost", error }),
      onRefused: (error) => this.#connection.send({ kind: "refused", error }),
      onOtherIdentity: () => this.#connection.send({ kind: "reconnect" }),
    });
    this.#reconciler.wake();
    this.#monitor.connected(this.#clock.now() - this.#connectStartedAt);
  }

  #onEvent({ name, data: text, value, id }: LinkEvent): void {
    this.#monitor.events += 1;
    const data = value === undefined ? this.#parse(name, text) : value;
    if (data === undefined) return;
    this.#hasLog ||= cursorScope(id) !== undefined;
    if (name === "resync") this.#onResync(readResync(data, id), id);
    else this.#table.event(name, data, id);
  }

  #onResync({ resync, names }: ReturnType<typeof readResync>, id: string | undefined): void {
    if (names) this.#table.resyncNamed(resync, names, id);
    else this.#table.resync(resync);
  }

  /** Parses the data of an event. Unless strict, invalid JSON is passed on as text: a custom channel may use it. */
  #parse(name: string, text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      this.malformed(new HeadwaterError("malformed", `the data of an event for ${name} is not JSON`, { text }));
      return this.#dependencies.strict ? undefined : text;
    }
  }

  #onCursor(id: string): void {
    if (cursorScope(id) !== "all") return;
    this.#hasLog = true;
    this.#table.advance(id);
  }

  #onToken(isSameUser: boolean): void {
    if (!isSameUser) return this.#connection.send({ kind: "reconnect" });
    this.#table.markStale();
    this.#reconciler?.wake();
  }
}
