import { check, show } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { type Received, SseStream, type StreamOptions } from "../../stream/sse-stream.ts";
import type { Answer, Model, Rest } from "./rest.ts";

/** A change of a record as the stream tells it. */
export interface Told {
  readonly action: string;
  readonly record: Model;
}

/** One raw stream of PocketBase's protocol: for what is the server's to get right, and no client's. */
export class Subscriber {
  readonly stream: SseStream;
  readonly clientId: string;
  readonly #rest: Rest;

  private constructor(stream: SseStream, clientId: string, rest: Rest) {
    this.stream = stream;
    this.clientId = clientId;
    this.#rest = rest;
  }

  /** Opens a stream, waits for the greeting, and subscribes. */
  static async open(
    scope: Scope,
    rest: Rest,
    topics: readonly string[] = [],
    options: StreamOptions = {},
  ): Promise<Subscriber> {
    const stream = await SseStream.open(`${rest.url}/api/realtime`, {
      log: scope.log,
      timeoutMs: scope.patienceMs,
      ...(rest.token !== "" && { headers: { authorization: rest.token } }),
      ...options,
    });
    scope.defer(() => stream.close());
    check(stream.status === 200, `GET /api/realtime: ${stream.status}`);
    await stream.until((events) => events.length > 0, "PB_CONNECT");
    const greeting = stream.events.items[0]!;
    check(greeting.event === "PB_CONNECT", `the first event is ${greeting.event}, not PB_CONNECT`);
    const subscriber = new Subscriber(stream, greeting.id ?? "", rest);
    if (topics.length > 0) await subscriber.subscribe(topics);
    return subscriber;
  }

  /** Asks for these topics in place of all before. */
  submit(topics: readonly string[], token: string = this.#rest.token): Promise<Answer> {
    return this.#rest.as(token).request("POST", "/api/realtime", { clientId: this.clientId, subscriptions: topics });
  }

  /** @throws Failure unless it is granted */
  async subscribe(topics: readonly string[], token?: string): Promise<void> {
    const { status, body } = await this.submit(topics, token);
    check(status === 204, `POST /api/realtime for ${show(topics)}: ${status} ${show(body)}`);
  }

  /** The changes that were told so far under this name. */
  told(topic: string): Told[] {
    return toldOf(this.stream.events.items, topic);
  }

  /** Waits for the change of a record. */
  async hears(topic: string, action: string, id: string, timeoutMs?: number): Promise<Told> {
    const find = (): Told | undefined =>
      this.told(topic).find((told) => told.action === action && told.record.id === id);
    await this.stream.until(() => find() !== undefined, `the ${action} event of ${topic}`, timeoutMs);
    return find()!;
  }
}

export const toldOf = (events: readonly Received[], topic: string): Told[] =>
  events.filter(({ event }) => event === topic).map(({ data }) => JSON.parse(data) as Told);
