import { type Cursor, parseCursor } from "@headwater/protocol";
import type { Clock } from "../clock.ts";
import { Connection } from "../connection/connection.ts";
import type { ConnectionState } from "../connection/state.ts";
import { HeadwaterError } from "../errors.ts";
import type { Link, LinkEvent } from "../transport/transport.ts";
import { SubscriptionTable } from "./subscription-table.ts";
import type { Sink } from "./shared-subscription.ts";
import { readResync } from "./events.ts";
import type { Monitor } from "./monitor.ts";
import type { RealtimeParts } from "./realtime-options.ts";
import { Submitter } from "./submitter.ts";

/** Headwater sends something every 20 to 40 seconds; a stock PocketBase ends what is idle after five minutes. */
const QUIET_MS = { headwater: 50_000, pocketbase: 330_000 };

/** The one connection of a client, there while somebody listens, and what the server is told of who does. */
export class RealtimeSession {
  readonly #parts: RealtimeParts;
  readonly #clock: Clock;
  readonly #monitor: Monitor;
  readonly #book = new SubscriptionTable();
  readonly #connection: Connection;
  readonly #stopToken: () => void;
  readonly #onFailed: (error: HeadwaterError) => void;
  #submitter: Submitter | undefined;
  #clientId = "";
  #dialledAt = 0;
  /** The server keeps a log: it has given a place in it. */
  #hasLog = false;

  /** @param onFailed told when there will be no connection, before anybody else is */
  constructor(parts: RealtimeParts, monitor: Monitor, onFailed: (error: HeadwaterError) => void) {
    this.#parts = parts;
    this.#monitor = monitor;
    this.#onFailed = onFailed;
    const { transport, environment, random, limits, api } = parts;
    this.#clock = api.http.clock;
    this.#connection = new Connection({
      transport,
      environment,
      random,
      limits,
      clock: this.#clock,
      quietMs: () => parts.quietMs ?? (this.#hasLog ? QUIET_MS.headwater : QUIET_MS.pocketbase),
      listener: {
        onState: (state, before) => this.#onState(state, before),
        onOpen: (link, clientId) => this.#onOpen(link, clientId),
        onEvent: (event) => this.#onEvent(event),
        onPlace: (id) => this.#onPlace(id),
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
    return this.#book.names;
  }

  get duplicates(): number {
    return this.#book.duplicates;
  }

  has(name: string): boolean {
    return this.#book.has(name);
  }

  isTaken(name: string): boolean {
    return this.#book.isTaken(name);
  }

  join(name: string, sink: Sink, place: Cursor | undefined): void {
    this.#hasLog ||= place !== undefined;
    this.#book.add(name, sink, place);
    this.#connection.send({ kind: "start" });
    this.#submitter?.wake();
  }

  /** Resolves when the server knows. */
  async leave(name: string, sink: Sink): Promise<void> {
    this.#book.remove(name, sink);
    await Promise.resolve(); // Who leaves and comes back in one turn of the loop keeps the connection.
    if (this.#book.size === 0) return this.#connection.send({ kind: "stop" });
    this.#submitter?.wake();
    await this.#submitter?.whenIdle();
  }

  /** What was received can't be read: the end in strict mode, a warning otherwise. */
  malformed(error: HeadwaterError): void {
    if (this.#parts.strict) this.#connection.send({ kind: "refused", error });
    else this.#monitor.warning(error);
  }

  close(error: HeadwaterError): void {
    this.#stopToken();
    this.#book.fail(error);
    this.#connection.send({ kind: "stop" });
  }

  #onState(state: ConnectionState, before: ConnectionState): void {
    if (before.kind === "open") this.#submitter?.stop();
    if (before.kind === "open") this.#submitter = undefined;
    if (state.kind === "connecting") this.#dialledAt = this.#clock.now();
    if (state.kind === "failed") {
      this.#onFailed(state.error);
      this.#book.fail(state.error);
    }
    this.#monitor.tell({ kind: "state", state });
  }

  #onOpen(link: Link, clientId: string): void {
    const { api, random, limits } = this.#parts;
    this.#clientId = clientId;
    this.#book.opened();
    this.#submitter = new Submitter({
      link,
      book: this.#book,
      identity: api.identity,
      clock: this.#clock,
      random,
      limits,
      onLatency: (milliseconds) => this.#monitor.latency(milliseconds),
      onLost: (error) => this.#connection.send({ kind: "lost", error }),
      onRefused: (error) => this.#connection.send({ kind: "refused", error }),
      onOtherIdentity: () => this.#connection.send({ kind: "renew" }),
    });
    this.#submitter.wake();
    this.#monitor.connected(this.#clock.now() - this.#dialledAt);
  }

  #onEvent({ name, data: text, value, id }: LinkEvent): void {
    this.#monitor.events += 1;
    const data = value === undefined ? this.#parse(name, text) : value;
    if (data === undefined) return;
    this.#hasLog ||= parseCursor(id ?? "") !== undefined;
    if (name === "resync") this.#onResync(readResync(data, id), id);
    else this.#book.event(name, data, id);
  }

  #onResync({ resync, names }: ReturnType<typeof readResync>, id: string | undefined): void {
    if (names) this.#book.resyncSome(resync, names, id);
    else this.#book.resync(resync);
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

  #onPlace(id: string): void {
    const cursor = parseCursor(id);
    if (!cursor) return;
    this.#hasLog = true;
    this.#book.place(cursor);
  }

  #onToken(same: boolean): void {
    if (!same) return this.#connection.send({ kind: "renew" });
    this.#book.touch();
    this.#submitter?.wake();
  }
}
