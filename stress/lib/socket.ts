import type { RecordEventMessage, ServerMessage } from "@headwater/protocol";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import type { Connection, Transport } from "./listener.ts";

/** A topic has a slash on event streams and a dot on WebSockets. */
const patternOf = (topic: string): string => topic.replace("/", ".");
const topicOf = (pattern: string): string => pattern.replace(".", "/");

/** A WebSocket whose messages are converted to the events of an event stream, one for each pattern. */
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
      onMessage: (message) => (connection ? connection.#receive(message) : early.push(message)),
    });
    connection = new SocketConnection(client, since);
    for (const message of early) connection.#receive(message);
    return connection;
  }

  get isOver(): boolean {
    return this.#client.isOver;
  }

  /** Replaces the topics, as on an event stream. An invalid token leaves a guest a guest. */
  async subscribe(
    topics: readonly string[],
    token?: string,
    since = this.#topics.length === 0 ? this.#since : undefined,
  ) {
    if (token !== undefined) await this.#client.request({ type: "auth", token });
    const removed = this.#topics.filter((topic) => !topics.includes(topic));
    if (removed.length > 0)
      await this.#client.requestMany(removed.length, { type: "unsubscribe", pattern: removed.map(patternOf) });
    this.#topics = topics;
    const pattern = topics.map(patternOf);
    const responses = await this.#client.requestMany(pattern.length, {
      type: "subscribe",
      pattern,
      ...(since !== undefined && { since }),
    });
    for (const response of responses) {
      if (response.type !== "error") continue;
      if (response.code !== "forbidden" && response.code !== "bad_filter") {
        throw new Error(`a subscription was rejected: ${JSON.stringify(response)}`);
      }
      this.refused.add(topicOf(response.pattern!));
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

  #receive(message: ServerMessage): void {
    if (message.type === "record_event") this.#receiveEvent(message);
    else if (message.type === "resync") {
      const { reason, cursor, patterns } = message;
      const affected = patterns ? { subscriptions: patterns.map(topicOf) } : {};
      this.#push({ id: cursor, event: "resync", data: JSON.stringify({ reason, cursor, ...affected }) });
    } else if (message.type === "heartbeat") this.lastEventId = message.cursor;
  }

  #receiveEvent({ record, action, patterns, cursor }: RecordEventMessage): void {
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

/** WebSockets always send the cursor with the subscribe request, whatever the channel. */
export const socket: Transport = (url, since) => SocketConnection.open(url, since);
