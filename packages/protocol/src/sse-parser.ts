import { createParser } from "eventsource-parser";

/** One event of a stream, as the standard dispatches it (WHATWG HTML, section 9.2.6). */
export interface SseMessage {
  /** `message` if the stream gives no name. */
  readonly event: string;
  /** The data lines, joined by LF. */
  readonly data: string;
  /** The id in the event itself; `undefined` if it has none. */
  readonly id: string | undefined;
  /** The last id in the stream, in this event or before it. */
  readonly lastEventId: string;
}

/** Something in the stream that the standard tells clients to ignore. */
export interface SseProblem {
  readonly code: "unknown-field" | "invalid-retry" | "invalid-id" | "missing-data" | "incomplete-event";
  /** The line, or the part of the event that arrived. */
  readonly text: string;
}

/** Callbacks of the parser. `feed` rethrows what a callback throws; the parser can't be used after that. */
export interface SseHandlers {
  readonly onEvent: (message: SseMessage) => void;
  /** An id without data: no event, but the last event id changes. */
  readonly onId?: (id: string) => void;
  /** The reconnection time, in milliseconds. */
  readonly onRetry?: (milliseconds: number) => void;
  readonly onComment?: (text: string) => void;
  readonly onProblem?: (problem: SseProblem) => void;
}

/** An event is larger than the parser's limit. */
export class SseOverflow extends Error {
  override readonly name = "SseOverflow";
}

/** Default limit of one event, in characters. */
const MAX_EVENT_LENGTH = 16 << 20;

/**
 * Parses the bytes of a stream, in chunks of any size, into events.
 *
 * eventsource-parser parses the fields. This class adds what it leaves out: decoding across chunks, a CR that ends a
 * line without waiting for the next byte, and ids of blocks without data. For the last two it passes on one line at a
 * time.
 */
export class SseParser {
  readonly #handlers: SseHandlers;
  readonly #maxEventLength: number;
  /** Removes the byte order mark and joins characters that were cut. */
  readonly #decoder = new TextDecoder();
  readonly #parser: ReturnType<typeof createParser>;
  #rest = "";
  /** The last line ended with CR: if an LF comes next, it belongs to the same line end. */
  #afterCr = false;
  /** Length of the lines of the incomplete event. */
  #length = 0;
  /** The `event` line of the incomplete event. */
  #nameLine: string | undefined;
  #hasData = false;
  #idBuffer: string | undefined;
  #id: string | undefined;
  #lastEventId = "";

  /** @param maxEventLength limit of one event in characters; `feed` throws {@link SseOverflow} beyond it */
  constructor(handlers: SseHandlers, maxEventLength: number = MAX_EVENT_LENGTH) {
    this.#handlers = handlers;
    this.#maxEventLength = maxEventLength;
    const { onRetry, onComment } = handlers;
    this.#parser = createParser({
      onEvent: ({ event = "message", data }) => {
        const id = this.#id;
        this.#id = undefined;
        handlers.onEvent({ event, data, id, lastEventId: this.#lastEventId });
      },
      onError: ({ type, line = "" }) => {
        if (type === "unknown-field" || type === "invalid-retry") handlers.onProblem?.({ code: type, text: line });
      },
      ...(onRetry && { onRetry }),
      ...(onComment && { onComment }),
    });
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  feed(bytes: Uint8Array): void {
    this.#read(this.#decoder.decode(bytes, { stream: true }));
  }

  /** Ends the stream. An event without its final empty line is discarded, as the standard requires. */
  end(): void {
    this.#read(this.#decoder.decode());
    const isField = this.#rest !== "" && !this.#rest.startsWith(":");
    // Comments need no empty line after them.
    if (isField || this.#hasData || this.#nameLine !== undefined || this.#idBuffer !== undefined)
      this.#handlers.onProblem?.({ code: "incomplete-event", text: this.#rest || (this.#nameLine ?? "") });
  }

  #read(decoded: string): void {
    if (decoded === "") return;
    const fresh = this.#afterCr && decoded.startsWith("\n") ? decoded.slice(1) : decoded;
    this.#afterCr = decoded.endsWith("\r");
    const text = this.#rest + (fresh.includes("\r") ? fresh.replaceAll(/\r\n?/g, "\n") : fresh);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#readLine(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    this.#assertLength(this.#rest.length);
  }

  #readLine(line: string): void {
    if (line === "") return this.#endBlock();
    this.#length += line.length;
    this.#assertLength(0);
    if (line.startsWith("event:")) this.#nameLine = line;
    this.#hasData ||= line === "data" || line.startsWith("data:");
    if (line === "id" || line.startsWith("id:")) this.#readId(line);
    this.#parser.feed(`${line}\n`);
  }

  #readId(line: string): void {
    const id = line.slice("id:".length).replace(/^ /, "");
    if (id.includes("\0")) this.#handlers.onProblem?.({ code: "invalid-id", text: line });
    else this.#idBuffer = id;
  }

  #endBlock(): void {
    this.#length = 0;
    // The standard ignores a named event without data, but the sender probably meant to send one.
    if (this.#nameLine !== undefined && !this.#hasData)
      this.#handlers.onProblem?.({ code: "missing-data", text: this.#nameLine });
    this.#nameLine = undefined;
    this.#hasData = false;
    this.#id = this.#idBuffer;
    this.#idBuffer = undefined;
    this.#lastEventId = this.#id ?? this.#lastEventId;
    this.#parser.feed("\n");
    // `onEvent` clears the id, so an event's own id is not reported twice.
    if (this.#id !== undefined) this.#handlers.onId?.(this.#id);
    this.#id = undefined;
  }

  #assertLength(rest: number): void {
    if (this.#length + rest <= this.#maxEventLength) return;
    throw new SseOverflow(`an event has more than ${this.#maxEventLength} characters`);
  }
}
