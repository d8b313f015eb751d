import { parseEvent } from "./event-splitter.ts";
import { Inbox } from "./inbox.ts";
import { SseStream } from "./sse-stream.ts";

/** An event with JSON in its data, and when it came. */
export interface JsonEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The text of the event as it came, without its empty line. */
  readonly block: string;
  /** By the clock that does not jump. */
  readonly at: number;
}

/** Reads an event stream that says of itself what it is, and keeps all that it got. */
export class EventClient implements Disposable {
  readonly inbox = new Inbox<JsonEvent>();
  readonly #ended = Promise.withResolvers<void>();
  #stream: SseStream | undefined;

  private constructor() {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventClient> {
    const client = new EventClient();
    const onBlock = (block: string): void => client.#receive(block);
    const onEnd = (): void => {
      client.inbox.close();
      client.#ended.resolve();
    };
    client.#stream = await SseStream.open(url, { onBlock, onEnd }, headers);
    return client;
  }

  /** Resolves when the server, or `close`, has ended the stream. */
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

  /** Waits for the first event of this name, or so many of them. */
  async until(name: string, times = 1): Promise<JsonEvent> {
    const found = (items: readonly JsonEvent[]): JsonEvent[] => items.filter(({ event }) => event === name);
    await this.inbox.until((items) => found(items).length >= times);
    return found(this.inbox.items)[times - 1]!;
  }

  /** Reads nothing until `resume`: what the server sends piles up on its side. */
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
