import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import type { Inbox } from "@headwater/testing/clients/inbox.ts";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import type { Identity } from "./history.ts";
import type { Topic } from "./topics.ts";
import { within } from "./within.ts";

/** One live connection, whatever the transport. */
export interface Connection {
  readonly inbox: Inbox<ReceivedEvent>;
  /** When each event arrived, in milliseconds since 1970. */
  readonly arrivals: readonly number[];
  /** The newest cursor received. */
  readonly lastEventId: string | undefined;
  readonly ended: Promise<void>;
  readonly isOver: boolean;
  /** Topics that the server rejected. Event streams do not report rejections; they just deliver nothing. */
  readonly refused: ReadonlySet<string>;
  subscribe(topics: readonly string[], token?: string, since?: string): Promise<void>;
  pause(): void;
  resume(): void;
  close(): void;
}

/** How a client that reconnects sends its cursor: in the header, the query string or the subscribe request. */
export type CursorChannel = "header" | "query" | "body";
export const CURSOR_CHANNELS: readonly CursorChannel[] = ["header", "query", "body"];

/** @param since the cursor to connect with; undefined if the subscribe request carries it */
export type Transport = (url: string, since: string | undefined, channel: CursorChannel) => Promise<Connection>;

/** One connection of a listener, with its subscription and everything it received. */
export interface ListenerSession {
  readonly identity: Identity;
  readonly topics: readonly Topic[];
  /** The cursor it resumed from. */
  readonly since: string;
  /** The server had already delivered everything up to this seq, so it evaluates no change as of an earlier seq. */
  readonly deliveredTo: number;
  readonly connection: Connection;
}

/** Where clients connect. */
export interface ServerAddress {
  readonly url: string;
  readonly deliveredTo: number;
}

/** Consecutive disconnects without progress after which a listener gives up. */
const MAX_FUTILE_RECONNECTS = 10;

export interface Account {
  readonly identity: Identity;
  readonly token: string | undefined;
}

/** A client that disconnects and reconnects, always from its newest cursor. */
export class Listener {
  readonly name: string;
  readonly sessions: ListenerSession[] = [];
  account: Account;
  topics: readonly Topic[];
  readonly #transport: Transport;
  readonly #initialCursor: string;

  /** @param since the cursor of its initial snapshot */
  constructor(name: string, transport: Transport, topics: readonly Topic[], account: Account, since: string) {
    this.name = name;
    this.#transport = transport;
    this.topics = topics;
    this.account = account;
    this.#initialCursor = since;
  }

  get connection(): Connection {
    const session = this.sessions.at(-1);
    if (!session) throw new Error(`${this.name} was never connected`);
    return session.connection;
  }

  /** The client has received everything up to this cursor. */
  get cursor(): string {
    return (
      this.sessions.findLast(({ connection }) => connection.lastEventId)?.connection.lastEventId ?? this.#initialCursor
    );
  }

  get seq(): number {
    return seqOfCursor(this.cursor) ?? 0;
  }

  /** @throws if the server is down, or goes down before it answers */
  async connect({ url, deliveredTo }: ServerAddress, channel: CursorChannel = "body"): Promise<void> {
    const since = this.cursor;
    const { account, topics } = this;
    const opened = this.#transport(url, channel === "body" ? undefined : since, channel);
    const connection = await within(opened, `${this.name} connects`);
    // Recorded before the subscribe response: a server killed in between may already have sent events.
    this.sessions.push({ identity: account.identity, topics, since, deliveredTo, connection });
    const names = topics.map(({ name }) => name);
    const subscribed = connection.subscribe(names, account.token, channel === "body" ? since : undefined);
    await within(subscribed, `${this.name} subscribes`);
  }

  /** Disconnects without unsubscribing, and waits until nothing more can arrive. */
  async drop(): Promise<void> {
    this.connection.close();
    await this.ended();
  }

  ended(): Promise<void> {
    return within(this.connection.ended, `${this.name} sees its stream end`);
  }

  /** Waits until its cursor reaches that seq. */
  async reach(seq: number, timeoutMs?: number): Promise<void> {
    await this.connection.inbox.until(() => this.seq >= seq, timeoutMs);
  }

  /** Like `reach`, but reconnects when disconnected, as long as it makes progress. */
  async reconnectUntil(address: ServerAddress, seq: number, timeoutMs?: number): Promise<void> {
    let disconnects = 0;
    for (let before = this.seq; this.seq < seq; before = this.seq) {
      if (!(await this.#isDisconnectedBefore(seq, timeoutMs)) || this.seq >= seq) return;
      disconnects = this.seq > before ? 0 : disconnects + 1;
      if (disconnects === MAX_FUTILE_RECONNECTS)
        throw new Error(`${this.name} was disconnected ${disconnects} times in a row without progress`);
      await this.connect(address);
    }
  }

  async #isDisconnectedBefore(seq: number, timeoutMs?: number): Promise<boolean> {
    try {
      await this.reach(seq, timeoutMs);
      return false;
    } catch (error) {
      if (this.connection.isOver) return true;
      throw error;
    }
  }
}

/** The number of events received, without the marks that everyone gets. */
export const privateEvents = ({ connection }: Listener): number =>
  connection.inbox.items.filter(({ event }) => event !== "marks/*").length;
