import { type Reply, request } from "./request.ts";
import { parseEvent, type ReceivedEvent } from "./event-splitter.ts";
import { SseStream } from "./sse-stream.ts";

/** A subscriber that speaks PocketBase's protocol, keeps every event it got, and never reconnects by itself. */
export class SseClient implements Disposable {
  readonly events: ReceivedEvent[] = [];
  /** Resolves when the stream is over. */
  readonly ended: Promise<void>;
  readonly #url: string;
  readonly #ended = Promise.withResolvers<void>();
  readonly #waiting = new Set<() => void>();
  #stream: SseStream | undefined;
  #id = "";
  #over = false;

  private constructor(url: string) {
    this.#url = url;
    this.ended = this.#ended.promise;
  }

  /** Connects and waits for `PB_CONNECT`. */
  static async connect(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
    const client = new SseClient(url);
    const onBlock = (block: string): void => client.#receive(block);
    client.#stream = await SseStream.open(`${url}/api/realtime`, { onBlock, onEnd: () => client.#finish() }, headers);
    await client.until(() => client.#id !== "");
    return client;
  }

  get id(): string {
    return this.#id;
  }

  get head(): string {
    return this.#stream?.head ?? "";
  }

  /** Replaces the subscriptions; the identity is that of the token. */
  submit(subscriptions: readonly string[], token?: string): Promise<Reply> {
    return request(this.#url, "POST", "/api/realtime", { token, body: { clientId: this.#id, subscriptions } });
  }

  async subscribe(topics: readonly string[], token?: string): Promise<void> {
    const { status, body } = await this.submit(topics, token);
    if (status !== 204) throw new Error(`the subscription was refused: ${JSON.stringify(body)}`);
  }

  /** The events of record changes: all but `PB_CONNECT`. */
  get changes(): readonly ReceivedEvent[] {
    return this.events.filter(({ event }) => event !== "PB_CONNECT");
  }

  /** Waits until it holds; asked again after each event. Fails when the stream ends first. */
  async until(holds: () => boolean, timeoutMs = 30_000): Promise<void> {
    if (holds()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (holds()) resolve();
      else if (this.#over) reject(new Error("the stream ended"));
    };
    const timer = setTimeout(() => reject(new Error(`not seen within ${timeoutMs} ms`)), timeoutMs);
    this.#waiting.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
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
    if (event === undefined) return;
    this.events.push(event);
    if (event.event === "PB_CONNECT") this.#id = event.id ?? "";
    this.#notify();
  }

  #finish(): void {
    this.#over = true;
    this.#ended.resolve();
    this.#notify();
  }

  #notify(): void {
    for (const check of this.#waiting) check();
  }
}
