import { type SseMessage, SseParser, type SseProblem } from "@headwater/protocol";
import { within } from "../core/deadline.ts";
import type { EventLog } from "../core/event-log.ts";
import { Inbox } from "./inbox.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface StreamOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly lastEventId?: string | undefined;
  readonly fetch?: Fetch;
  readonly log?: EventLog | undefined;
  /** Names this stream in the log, if there are several. */
  readonly label?: string;
  /** For the response headers, and for each wait without its own limit. Default 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** An event, and when it arrived. */
export interface ReceivedEvent extends SseMessage {
  /** Milliseconds since the request. */
  readonly offsetMs: number;
}

/** A format problem, and how many events came before it. */
export interface LocatedProblem extends SseProblem {
  readonly eventsBefore: number;
}

/** How the stream ended: completed by the server, broken by the network, or closed by us. */
export type StreamEnd = "completed" | "broken" | "closed";

const TIMEOUT_MS = 10_000;

/** One connection to an endpoint, with everything received on it. It records; it does not check. */
export class SseStream {
  readonly status: number;
  readonly headers: Headers;
  /** Milliseconds from the request to the response headers. */
  readonly headMs: number;
  readonly events = new Inbox<ReceivedEvent>();
  /** When bytes arrived, in milliseconds since the request, and how many. */
  readonly chunks = new Inbox<{ readonly offsetMs: number; readonly bytes: number }>();
  readonly problems: LocatedProblem[] = [];
  readonly comments: string[] = [];
  readonly retries: number[] = [];
  /** Ids of blocks without data. */
  readonly idsWithoutEvent: string[] = [];
  readonly ended: Promise<StreamEnd>;
  /** The first bytes that are not UTF-8, if any. */
  invalidUtf8: string | undefined;
  /** Milliseconds from the request to the end of the stream, if it has ended. */
  endMs = Number.POSITIVE_INFINITY;
  /** When the request was sent, by `performance.now()`. */
  readonly openedAt: number;
  readonly #abort: AbortController;
  readonly #timeoutMs: number;
  readonly #log: EventLog | undefined;
  readonly #label: string;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true });

  private constructor(response: Response, from: number, abort: AbortController, options: StreamOptions) {
    this.status = response.status;
    this.headers = response.headers;
    this.openedAt = from;
    this.headMs = this.#now();
    this.#abort = abort;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#log = options.log;
    this.#label = options.label ?? "";
    this.#log?.add(this.#label, `${response.status}`, response.headers.get("content-type") ?? "no Content-Type");
    this.ended = this.#read(response);
  }

  /** Resolves when the response headers arrive, whatever the status. */
  static async open(url: string, options: StreamOptions = {}): Promise<SseStream> {
    const { headers, lastEventId, timeoutMs = TIMEOUT_MS } = options;
    const from = performance.now();
    const abort = new AbortController();
    const send = options.fetch ?? ((address: string, init: RequestInit) => fetch(address, init));
    const request = send(url, {
      headers: {
        accept: "text/event-stream",
        ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
        ...headers,
      },
      signal: abort.signal,
    });
    try {
      const response = await within(request, timeoutMs, `a response from ${url}`);
      return new SseStream(response, from, abort, options);
    } catch (error) {
      abort.abort();
      throw error;
    }
  }

  /** Milliseconds since the request. */
  get nowMs(): number {
    return this.#now();
  }

  get bytes(): number {
    return this.chunks.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Waits until the events satisfy the condition. @param what the subject of "… did not arrive" */
  until(
    holds: (events: readonly ReceivedEvent[]) => boolean,
    what: string,
    timeoutMs = this.#timeoutMs,
  ): Promise<void> {
    return this.events.until(holds, timeoutMs, what);
  }

  close(): void {
    this.#abort.abort();
  }

  #now(): number {
    return performance.now() - this.openedAt;
  }

  async #read(response: Response): Promise<StreamEnd> {
    const end = await this.#readBody(response);
    this.#log?.add(this.#label, `(${end})`);
    this.endMs = this.#now();
    this.events.end(`the stream was ${end}`);
    this.chunks.end(`the stream was ${end}`);
    return end;
  }

  async #readBody({ body }: Response): Promise<StreamEnd> {
    const parser = this.#parser();
    const reader = body?.getReader();
    try {
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        this.#checkUtf8(read.value);
        this.#log?.addBytes(this.#label, read.value);
        parser.feed(read.value);
        this.chunks.push({ offsetMs: this.#now(), bytes: read.value.length });
      }
      this.#checkUtf8();
      parser.end();
      return this.#abort.signal.aborted ? "closed" : "completed";
    } catch {
      return this.#abort.signal.aborted ? "closed" : "broken";
    }
  }

  #parser(): SseParser {
    const log = (name: string, text: string): void => this.#log?.add(this.#label, name, text);
    return new SseParser({
      onEvent: (message) => {
        log(message.event, message.data);
        this.events.push({ ...message, offsetMs: this.#now() });
      },
      onId: (id) => this.idsWithoutEvent.push(id),
      onRetry: (milliseconds) => {
        log("(retry)", String(milliseconds));
        this.retries.push(milliseconds);
      },
      onComment: (text) => {
        log("(comment)", text);
        this.comments.push(text);
      },
      onProblem: (problem) => {
        log(`(${problem.code})`, problem.text);
        this.problems.push({ ...problem, eventsBefore: this.events.items.length });
      },
    });
  }

  #checkUtf8(bytes?: Uint8Array): void {
    if (this.invalidUtf8 !== undefined) return;
    try {
      this.#utf8.decode(bytes, { stream: bytes !== undefined });
    } catch {
      this.invalidUtf8 = new TextDecoder().decode(bytes?.subarray(0, 80) ?? new Uint8Array());
    }
  }
}
