import { parseEvent, type ReceivedEvent } from "./event-splitter.ts";
import { Inbox } from "./inbox.ts";
import { type Reply, request } from "./request.ts";
import { SseStream } from "./sse-stream.ts";

/** A client of PocketBase's SSE protocol. Keeps every event and never reconnects. */
export class SseClient implements Disposable {
  /** All events except `PB_CONNECT`. */
  readonly inbox = new Inbox<ReceivedEvent>();
  /** Resolves when the stream ends. */
  readonly ended: Promise<void>;
  /** When each event arrived, in milliseconds since 1970. */
  readonly arrivals: number[] = [];
  readonly #url: string;
  readonly #connected = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<void>();
  #stream: SseStream | undefined;
  isOver = false;
  /** Always empty: this protocol does not say which topics are refused. */
  readonly refused: ReadonlySet<string> = new Set();
  /** Blocks without an event, such as heartbeats. */
  emptyBlocks = 0;
  #id = "";
  #lastEventId: string | undefined;

  private constructor(url: string) {
    this.#url = url;
    this.ended = this.#ended.promise;
    this.#connected.promise.catch(() => undefined); // `connect` awaits it; avoids an unhandled rejection.
  }

  /** Connects and waits for `PB_CONNECT`. */
  static async connect(url: string, headers: Record<string, string> = {}, query = ""): Promise<SseClient> {
    const client = new SseClient(url);
    const handlers = { onBlock: (block: string) => client.#receive(block), onEnd: () => client.#finish() };
    client.#stream = await SseStream.open(`${url}/api/realtime${query}`, handlers, headers);
    client.#id = await client.#connected.promise;
    return client;
  }

  get id(): string {
    return this.#id;
  }

  /** The response's status line and headers. */
  get head(): string {
    return this.#stream?.head ?? "";
  }

  /** As in `EventSource`, but without the client id of `PB_CONNECT`. Heartbeats update it too. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  get events(): readonly ReceivedEvent[] {
    return this.inbox.items;
  }

  /** Replaces the subscriptions, as the token's user. @param since a cursor: replays what came after it */
  submit(subscriptions: readonly string[], token?: string, since?: string): Promise<Reply> {
    const body = { clientId: this.#id, subscriptions, ...(since !== undefined && { since }) };
    return request(this.#url, "POST", "/api/realtime", { token, body });
  }

  async subscribe(topics: readonly string[], token?: string, since?: string): Promise<void> {
    const { status, text } = await this.submit(topics, token, since);
    if (status !== 204) throw new Error(`the server refused the subscriptions: ${status} ${text}`);
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  close(): void {
    this.#stream?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive(block: string): void {
    const event = parseEvent(block);
    if (event?.event === "PB_CONNECT") return this.#connected.resolve(event.id ?? "");
    this.#lastEventId = event?.id ?? idOf(block) ?? this.#lastEventId;
    if (event === undefined) {
      this.emptyBlocks += 1;
      return;
    }
    this.arrivals.push(Date.now());
    this.inbox.push(event);
  }

  #finish(): void {
    this.isOver = true;
    this.#connected.reject(new Error("the stream ended before PB_CONNECT"));
    this.#ended.resolve();
    this.inbox.close();
  }
}

const idOf = (block: string): string | undefined => /^id: ?(.*)$/m.exec(block)?.[1];
