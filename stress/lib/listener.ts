import { parseCursor } from "@headwater/protocol";
import type { Inbox } from "@headwater/testing/clients/inbox.ts";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import type { Identity } from "./history.ts";
import type { Topic } from "./topics.ts";
import { within } from "./within.ts";

/** One live connection, whatever carries it. */
export interface Connection {
  readonly inbox: Inbox<ReceivedEvent>;
  /** When each event came, in milliseconds since 1970. */
  readonly arrivals: readonly number[];
  /** The newest cursor that came. */
  readonly lastEventId: string | undefined;
  readonly ended: Promise<void>;
  readonly isOver: boolean;
  /** Topics that the server said it may never hear of; where that is not said, it just does not. */
  readonly refused: ReadonlySet<string>;
  subscribe(topics: readonly string[], token?: string, since?: string): Promise<void>;
  pause(): void;
  resume(): void;
  close(): void;
}

/** Where a client that comes back says where it was: the header, the address, or the subscription. */
export type CursorChannel = "header" | "query" | "body";
export const CURSOR_CHANNELS: readonly CursorChannel[] = ["header", "query", "body"];

/** @param since told at once; undefined if the subscription will */
export type Transport = (url: string, since: string | undefined, way: CursorChannel) => Promise<Connection>;

/** A client between one subscription and the next, and all that came meanwhile. */
export interface ListenerSession {
  readonly identity: Identity;
  readonly topics: readonly Topic[];
  /** The cursor that it was behind. */
  readonly since: string;
  /** The server had told everyone of everything up to this seq before: nothing is judged by what held earlier. */
  readonly deliveredTo: number;
  readonly connection: Connection;
}

/** Where clients connect. */
export interface ServerAddress {
  readonly url: string;
  readonly deliveredTo: number;
}

/** Cuts on end, with nothing gained in between, after which there is no hope. */
const MAX_FUTILE_RECONNECTS = 10;

export interface Account {
  readonly identity: Identity;
  readonly token: string | undefined;
}

/** A client that comes and goes, and always comes back by its newest cursor. */
export class Listener {
  readonly name: string;
  readonly sessions: ListenerSession[] = [];
  account: Account;
  topics: readonly Topic[];
  readonly #transport: Transport;
  readonly #first: string;

  /** @param since the cursor of the snapshot that it begins with */
  constructor(name: string, transport: Transport, topics: readonly Topic[], account: Account, since: string) {
    this.name = name;
    this.#transport = transport;
    this.topics = topics;
    this.account = account;
    this.#first = since;
  }

  get connection(): Connection {
    const session = this.sessions.at(-1);
    if (!session) throw new Error(`${this.name} was never connected`);
    return session.connection;
  }

  /** "I have seen everything up to here." */
  get cursor(): string {
    return this.sessions.findLast(({ connection }) => connection.lastEventId)?.connection.lastEventId ?? this.#first;
  }

  get seq(): number {
    return parseCursor(this.cursor)?.seq ?? 0;
  }

  /** @throws when the server is not there, or goes away meanwhile */
  async connect({ url, deliveredTo }: ServerAddress, way: CursorChannel = "body"): Promise<void> {
    const since = this.cursor;
    const { account, topics } = this;
    const opened = this.#transport(url, way === "body" ? undefined : since, way);
    const connection = await within(opened, `${this.name} connects`);
    // Kept before the answer is here: a server that is killed meanwhile may have sent events already.
    this.sessions.push({ identity: account.identity, topics, since, deliveredTo, connection });
    const names = topics.map(({ name }) => name);
    const subscribed = connection.subscribe(names, account.token, way === "body" ? since : undefined);
    await within(subscribed, `${this.name} subscribes`);
  }

  /** Goes away without a word, and knows that nothing more will come. */
  async drop(): Promise<void> {
    this.connection.close();
    await this.ended();
  }

  ended(): Promise<void> {
    return within(this.connection.ended, `${this.name} sees its stream end`);
  }

  /** Waits until it has been told of everything up to that place, by an event that it may see. */
  async reach(seq: number, patience?: number): Promise<void> {
    await this.connection.inbox.until(() => this.seq >= seq, patience);
  }

  /** As `reach`, though it is cut on the way, as long as it gets on. */
  async reconnectUntil(place: ServerAddress, seq: number, patience?: number): Promise<void> {
    let cuts = 0;
    for (let before = this.seq; this.seq < seq; before = this.seq) {
      if (!(await this.#isCutBefore(seq, patience)) || this.seq >= seq) return;
      cuts = this.seq > before ? 0 : cuts + 1;
      if (cuts === MAX_FUTILE_RECONNECTS)
        throw new Error(`${this.name} was cut ${cuts} times on end without getting on`);
      await this.connect(place);
    }
  }

  async #isCutBefore(seq: number, patience?: number): Promise<boolean> {
    try {
      await this.reach(seq, patience);
      return false;
    } catch (error) {
      if (this.connection.isOver) return true;
      throw error;
    }
  }
}

/** How many events it got, but for the marks that everyone gets. */
export const privateEvents = ({ connection }: Listener): number =>
  connection.inbox.items.filter(({ event }) => event !== "marks/*").length;
