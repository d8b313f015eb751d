import { createParser } from "eventsource-parser";

/** One event of a stream, as the standard dispatches it (WHATWG HTML, section 9.2.6). */
export interface SseMessage {
  /** `message` where the stream names none. */
  readonly event: string;
  /** The lines of data, joined by LF. */
  readonly data: string;
  /** The id that stands in the event itself; absent where it has none. */
  readonly id: string | undefined;
  /** The last id that the stream has given, in this event or before it. */
  readonly lastEventId: string;
}

/** Something in the stream that the standard tells clients to skip. */
export interface SseProblem {
  readonly code: "unknown-field" | "invalid-retry" | "invalid-id" | "missing-data" | "incomplete-event";
  /** What was offensive: a line, or what there is of an event. */
  readonly text: string;
}

/** What a stream is heard by. Whatever a handler throws leaves `feed`, and ends the use of the parser. */
export interface SseHandlers {
  readonly onEvent: (message: SseMessage) => void;
  /** An id without data: no event, but the place has moved. */
  readonly onId?: (id: string) => void;
  /** Milliseconds to wait before a reconnect. */
  readonly onRetry?: (milliseconds: number) => void;
  readonly onComment?: (text: string) => void;
  readonly onProblem?: (problem: SseProblem) => void;
}

/** An event grew beyond what the reader is ready to hold. */
export class SseOverflow extends Error {
  override readonly name = "SseOverflow";
}

/** Characters that one event may have, unless it is said otherwise. */
const MAX_EVENT_LENGTH = 16 << 20;

/**
 * Reads a stream of bytes, cut anywhere, as events.
 *
 * The grammar of fields is eventsource-parser's. Added is what that leaves to its user: decoding across chunks, a CR
 * that ends a line without waiting for what follows, and ids of blocks without data, which move a client's place too.
 * For the last two it is handed one line at a time.
 */
export class SseParser {
  readonly #handlers: SseHandlers;
  readonly #maxEventLength: number;
  /** Takes off the byte order mark, and puts characters together that were cut. */
  readonly #decoder = new TextDecoder();
  readonly #parser: ReturnType<typeof createParser>;
  #rest = "";
  /** The last line ended with CR: an LF that comes next belongs to it. */
  #afterCr = false;
  /** The lines of the event that is not complete yet. */
  #length = 0;
  /** The line that names it. */
  #nameLine: string | undefined;
  #hasData = false;
  #idBuffer: string | undefined;
  #id: string | undefined;
  #lastEventId = "";

  /** @param maxEventLength characters of one event, beyond which `feed` throws {@link SseOverflow} */
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

  /** The stream is over. An event without its empty line is none: the standard has it discarded. */
  end(): void {
    this.#read(this.#decoder.decode());
    const open = this.#length > 0 || this.#rest !== "";
    if (open) this.#handlers.onProblem?.({ code: "incomplete-event", text: this.#rest });
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
    // The standard drops it in silence: whoever sent it meant an event.
    if (this.#nameLine !== undefined && !this.#hasData)
      this.#handlers.onProblem?.({ code: "missing-data", text: this.#nameLine });
    this.#nameLine = undefined;
    this.#hasData = false;
    this.#id = this.#idBuffer;
    this.#idBuffer = undefined;
    this.#lastEventId = this.#id ?? this.#lastEventId;
    this.#parser.feed("\n");
    // Whoever heard an event has taken its id.
    if (this.#id !== undefined) this.#handlers.onId?.(this.#id);
    this.#id = undefined;
  }

  #assertLength(rest: number): void {
    if (this.#length + rest <= this.#maxEventLength) return;
    throw new SseOverflow(`an event of more than ${this.#maxEventLength} characters`);
  }
}
