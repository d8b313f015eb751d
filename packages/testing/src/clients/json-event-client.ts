import { parseEvent } from "./event-splitter.ts";
import { Inbox } from "./inbox.ts";
import { SseStream } from "./sse-stream.ts";

/** An event with JSON data, and when it arrived. */
export interface JsonEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The raw text of the event, without the final empty line. */
  readonly block: string;
  /** By `performance.now()`. */
  readonly at: number;
}

/** A client of event streams with JSON data, such as task streams. Keeps every event. */
export class JsonEventClient implements Disposable {
  readonly inbox = new Inbox<JsonEvent>();
  readonly #ended = Promise.withResolvers<void>();
  #stream: SseStream | undefined;

  private constructor() {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<JsonEventClient> {
    const client = new JsonEventClient();
    const onBlock = (block: string): void => client.#receive(block);
    const onEnd = (): void => {
      client.inbox.close();
      client.#ended.resolve();
    };
    client.#stream = await SseStream.open(url, { onBlock, onEnd }, headers);
    return client;
  }

  /** Resolves when the server or `close` ends the stream. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The response's status line and headers. */
  get head(): string {
    return this.#stream?.head ?? "";
  }

  get events(): readonly JsonEvent[] {
    return this.inbox.items;
  }

  get names(): string[] {
    return this.events.map(({ event }) => event);
  }

  get lastEventId(): string | undefined {
    return this.events.findLast(({ id }) => id !== undefined)?.id;
  }

  /** Waits for the nth event with this name, the first by default. */
  async until(name: string, times = 1): Promise<JsonEvent> {
    const found = (items: readonly JsonEvent[]): JsonEvent[] => items.filter(({ event }) => event === name);
    await this.inbox.until((items) => found(items).length >= times);
    return found(this.inbox.items)[times - 1]!;
  }

  /** Stops reading until `resume`, so that data queues up on the server. */
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
    const parsed = parseEvent(block);
    if (parsed) this.inbox.push({ ...parsed, data: JSON.parse(parsed.data), block, at: performance.now() });
  }
}
