import { check, show } from "../../core/checks.ts";
import { fieldFault } from "../../model/field.ts";
import { objectOf } from "../../stream/recording.ts";
import { RECORD_EVENT } from "./model.ts";
import type { Scope } from "../../core/scope.ts";
import { type ReceivedEvent, SseStream, type StreamOptions } from "../../stream/sse-stream.ts";
import type { ApiResponse, ApiModel, ApiClient } from "./api-client.ts";

/** The data of a record event. */
export interface RecordChange {
  readonly action: string;
  readonly record: ApiModel;
}

/** One raw stream of PocketBase's protocol, for checks of the server alone. */
export class Subscriber {
  readonly stream: SseStream;
  readonly clientId: string;
  readonly #api: ApiClient;

  private constructor(stream: SseStream, clientId: string, api: ApiClient) {
    this.stream = stream;
    this.clientId = clientId;
    this.#api = api;
  }

  /** Opens a stream, waits for `PB_CONNECT`, and subscribes. */
  static async open(
    scope: Scope,
    api: ApiClient,
    topics: readonly string[] = [],
    options: StreamOptions = {},
  ): Promise<Subscriber> {
    const stream = await SseStream.open(`${api.url}/api/realtime`, {
      log: scope.log,
      timeoutMs: scope.patienceMs,
      ...(api.token !== "" && { headers: { authorization: api.token } }),
      ...options,
    });
    scope.defer(() => stream.close());
    check(stream.status === 200, `GET /api/realtime: ${stream.status}`);
    await stream.until((events) => events.length > 0, "PB_CONNECT");
    const greeting = stream.events.items[0]!;
    check(greeting.event === "PB_CONNECT", `the first event is ${greeting.event}, not PB_CONNECT`);
    const subscriber = new Subscriber(stream, greeting.id ?? "", api);
    if (topics.length > 0) await subscriber.subscribe(topics);
    return subscriber;
  }

  /** Replaces the subscriptions with these topics. */
  submit(topics: readonly string[], token: string = this.#api.token): Promise<ApiResponse> {
    return this.#api
      .withToken(token)
      .request("POST", "/api/realtime", { clientId: this.clientId, subscriptions: topics });
  }

  /** @throws Failure if the server rejects the subscriptions */
  async subscribe(topics: readonly string[], token?: string): Promise<void> {
    const { status, body } = await this.submit(topics, token);
    check(status === 204, `POST /api/realtime for ${show(topics)}: ${status} ${show(body)}`);
  }

  /** The changes received so far for this topic. */
  changes(topic: string): RecordChange[] {
    return changesOf(this.stream.events.items, topic);
  }

  /** Waits for a change of the record. */
  async untilChange(topic: string, action: string, id: string, timeoutMs?: number): Promise<RecordChange> {
    const find = (): RecordChange | undefined =>
      this.changes(topic).find((change) => change.action === action && change.record.id === id);
    await this.stream.until(() => find() !== undefined, `the ${action} event of ${topic}`, timeoutMs);
    return find()!;
  }
}

/** @throws Failure if one of them is not about a record */
export const changesOf = (events: readonly ReceivedEvent[], topic: string): RecordChange[] =>
  events.filter(({ event }) => event === topic).map(({ data }) => changeOf(data, topic));

function changeOf(data: string, topic: string): RecordChange {
  const change = objectOf(data);
  check(change !== undefined, `the data of an event of ${topic} is not a JSON object: ${show(data)}`);
  const fault = fieldFault(change, RECORD_EVENT, `an event of ${topic}`);
  check(fault === undefined, fault!);
  return change as unknown as RecordChange;
}
