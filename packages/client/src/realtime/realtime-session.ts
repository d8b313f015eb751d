import { type Cursor, parseCursor } from "@headwater/protocol";
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

/** Headwater sends something every 20 to 40 seconds; a stock PocketBase ends what is idle after five minutes. */
const QUIET_MS = { headwater: 50_000, pocketbase: 330_000 };

/** The one connection of a client, there while somebody listens, and what the server is told of who does. */
export class RealtimeSession {
  readonly #parts: RealtimeDependencies;
  readonly #clock: Clock;
  readonly #monitor: Monitor;
  readonly #table = new SubscriptionTable();
  readonly #connection: Connection;
  readonly #stopToken: () => void;
  readonly #onFailed: (error: HeadwaterError) => void;
  #reconciler: SubscriptionReconciler | undefined;
  #clientId = "";
  #connectStartedAt = 0;
  /** The server keeps a log: it has given a place in it. */
  #hasLog = false;

  /** @param onFailed told when there will be no connection, before anybody else is */
  constructor(parts: RealtimeDependencies, monitor: Monitor, onFailed: (error: HeadwaterError) => void) {
    this.#parts = parts;
    this.#monitor = monitor;
    this.#onFailed = onFailed;
    const { transport, lifecycle, random, limits, api } = parts;
    this.#clock = api.http.clock;
    this.#connection = new Connection({
      transport,
      lifecycle,
      random,
      limits,
      clock: this.#clock,
      quietMs: () => parts.quietMs ?? (this.#hasLog ? QUIET_MS.headwater : QUIET_MS.pocketbase),
      listener: {
        onStateChange: (state, before) => this.#onState(state, before),
        onOpen: (link, clientId) => this.#onOpen(link, clientId),
        onEvent: (event) => this.#onEvent(event),
        onCursor: (id) => this.#onCursor(id),
        onBytes: (count) => (monitor.bytes += count),
        onWarning: (error) => monitor.warning(error),
      },
    });
    this.#stopToken = api.identity.onToken((same) => this.#onToken(same));
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** The server's name for the present connection; "" while there is none. */
  get clientId(): string {
    return this.state.kind === "open" ? this.#clientId : "";
  }

  get names(): readonly string[] {
    return this.#table.names;
  }

  get duplicates(): number {
    return this.#table.duplicates;
  }

  has(name: string): boolean {
    return this.#table.has(name);
  }

  isTaken(name: string): boolean {
    return this.#table.isTaken(name);
  }

  join(name: string, sink: SubscriptionListener, place: Cursor | undefined): void {
    this.#hasLog ||= place !== undefined;
    this.#table.add(name, sink, place);
    this.#connection.send({ kind: "start" });
    this.#reconciler?.wake();
  }

  /** Resolves when the server knows. */
  async leave(name: string, sink: SubscriptionListener): Promise<void> {
    this.#table.remove(name, sink);
    await Promise.resolve(); // Who leaves and comes back in one turn of the loop keeps the connection.
    if (this.#table.size === 0) return this.#connection.send({ kind: "stop" });
    this.#reconciler?.wake();
    await this.#reconciler?.whenIdle();
  }

  /** What was received can't be read: the end in strict mode, a warning otherwise. */
  malformed(error: HeadwaterError): void {
    if (this.#parts.strict) this.#connection.send({ kind: "refused", error });
    else this.#monitor.warning(error);
  }

  close(error: HeadwaterError): void {
    this.#stopToken();
    this.#table.fail(error);
    this.#connection.send({ kind: "stop" });
  }

  #onState(state: ConnectionState, before: ConnectionState): void {
    if (before.kind === "open") this.#reconciler?.stop();
    if (before.kind === "open") this.#reconciler = undefined;
    if (state.kind === "connecting") this.#connectStartedAt = this.#clock.now();
    if (state.kind === "failed") {
      this.#onFailed(state.error);
      this.#table.fail(state.error);
    }
    this.#monitor.emit({ kind: "state", state });
  }

  #onOpen(link: Link, clientId: string): void {
    const { api, random, limits } = this.#parts;
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
    this.#hasLog ||= parseCursor(id ?? "") !== undefined;
    if (name === "resync") this.#onResync(readResync(data, id), id);
    else this.#table.event(name, data, id);
  }

  #onResync({ resync, names }: ReturnType<typeof readResync>, id: string | undefined): void {
    if (names) this.#table.resyncNamed(resync, names, id);
    else this.#table.resync(resync);
  }

  /** The data of an event. Lenient, text that is no JSON goes on as text: a channel of the app's own may want it. */
  #parse(name: string, text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      this.malformed(new HeadwaterError("malformed", `${name}: no JSON`, { text }));
      return this.#parts.strict ? undefined : text;
    }
  }

  #onCursor(id: string): void {
    const cursor = parseCursor(id);
    if (!cursor) return;
    this.#hasLog = true;
    this.#table.advance(cursor);
  }

  #onToken(same: boolean): void {
    if (!same) return this.#connection.send({ kind: "reconnect" });
    this.#table.markStale();
    this.#reconciler?.wake();
  }
}
