import type { RecordEventMessage, ServerMessage } from "@headwater/protocol";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import type { Connection, Transport } from "./listener.ts";

/** Topics are spelt with a slash on a stream, with a dot here. */
const patternOf = (topic: string): string => topic.replace("/", ".");
const topicOf = (pattern: string): string => pattern.replace(".", "/");

/** A WebSocket, whose messages are taken for the events that a stream has instead: one for each of their patterns. */
class SocketConnection implements Connection {
  readonly inbox = new Inbox<ReceivedEvent>();
  readonly arrivals: number[] = [];
  readonly refused = new Set<string>();
  readonly ended: Promise<void>;
  lastEventId: string | undefined;
  readonly #client: SocketClient;
  readonly #since: string | undefined;
  #topics: readonly string[] = [];

  private constructor(client: SocketClient, since: string | undefined) {
    this.#client = client;
    this.#since = since;
    this.ended = client.closed.then(() => this.inbox.close());
  }

  static async open(url: string, since: string | undefined): Promise<SocketConnection> {
    const early: ServerMessage[] = [];
    let connection: SocketConnection | undefined;
    const client = await SocketClient.connect(url, {
      onMessage: (message) => (connection ? connection.#take(message) : early.push(message)),
    });
    connection = new SocketConnection(client, since);
    for (const message of early) connection.#take(message);
    return connection;
  }

  get isOver(): boolean {
    return this.#client.isOver;
  }

  /** As a stream takes it: these and no others. A token that is not good makes nobody of who was nobody. */
  async subscribe(
    topics: readonly string[],
    token?: string,
    since = this.#topics.length === 0 ? this.#since : undefined,
  ) {
    if (token !== undefined) await this.#client.request({ type: "auth", token });
    const gone = this.#topics.filter((topic) => !topics.includes(topic));
    if (gone.length > 0)
      await this.#client.requestMany(gone.length, { type: "unsubscribe", pattern: gone.map(patternOf) });
    this.#topics = topics;
    const pattern = topics.map(patternOf);
    const answers = await this.#client.requestMany(pattern.length, {
      type: "subscribe",
      pattern,
      ...(since !== undefined && { since }),
    });
    for (const answer of answers) {
      if (answer.type !== "error") continue;
      if (answer.code !== "forbidden" && answer.code !== "bad_filter") {
        throw new Error(`a subscription was refused: ${JSON.stringify(answer)}`);
      }
      this.refused.add(topicOf(answer.pattern!));
    }
  }

  pause(): void {
    this.#client.pause();
  }

  resume(): void {
    this.#client.resume();
  }

  close(): void {
    this.#client.close();
  }

  #take(message: ServerMessage): void {
    if (message.type === "record_event") this.#takeEvent(message);
    else if (message.type === "resync") {
      const { reason, cursor, patterns } = message;
      const about = patterns ? { subscriptions: patterns.map(topicOf) } : {};
      this.#push({ id: cursor, event: "resync", data: JSON.stringify({ reason, cursor, ...about }) });
    } else if (message.type === "heartbeat") this.lastEventId = message.cursor;
  }

  #takeEvent({ record, action, patterns, cursor }: RecordEventMessage): void {
    const data = JSON.stringify({ record, action });
    for (const [i, pattern] of patterns.entries()) {
      this.#push({ id: i === patterns.length - 1 ? cursor : undefined, event: topicOf(pattern), data });
    }
  }

  #push(event: ReceivedEvent): void {
    this.lastEventId = event.id ?? this.lastEventId;
    this.arrivals.push(Date.now());
    this.inbox.push(event);
  }
}

/** Where it was is said with its subscriptions, whatever the way: here the others have no meaning. */
export const socket: Transport = (url, since) => SocketConnection.open(url, since);
