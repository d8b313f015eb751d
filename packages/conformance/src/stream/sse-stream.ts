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
  /** How the log calls this stream, where there are several. */
  readonly label?: string;
  /** For the head of the answer, and for each wait that names no time of its own. */
  readonly timeoutMs?: number | undefined;
}

/** An event, and when it came. */
export interface Received extends SseMessage {
  /** Milliseconds since the request. */
  readonly offsetMs: number;
}

/** What was malformed, and how many events came before it. */
export interface Located extends SseProblem {
  readonly after: number;
}

/** How the stream ended: completed by the server, broken on the way, or closed from here. */
export type StreamEnd = "completed" | "broken" | "closed";

const TIMEOUT_MS = 10_000;

/** One connection to an endpoint, and all that was heard on it. It judges nothing. */
export class SseStream {
  readonly status: number;
  readonly headers: Headers;
  /** Milliseconds from the request to the head of the answer. */
  readonly headMs: number;
  readonly events = new Inbox<Received>();
  /** When bytes came, in milliseconds since the request, and how many. */
  readonly chunks = new Inbox<{ readonly offsetMs: number; readonly bytes: number }>();
  readonly problems: Located[] = [];
  readonly comments: string[] = [];
  readonly retries: number[] = [];
  /** Ids without an event. */
  readonly places: string[] = [];
  readonly ended: Promise<StreamEnd>;
  /** The first bytes that are no UTF-8, if any are. */
  invalidUtf8: string | undefined;
  /** When it was asked for, by `performance.now()`. */
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

  /** Resolves with the head of the answer, whatever it says. */
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
      const response = await within(request, timeoutMs, `the head of an answer from ${url}`);
      return new SseStream(response, from, abort, options);
    } catch (error) {
      abort.abort();
      throw error;
    }
  }

  get bytes(): number {
    return this.chunks.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Waits until the events so far satisfy it. @param what ends the sentence "… did not come" */
  until(holds: (events: readonly Received[]) => boolean, what: string, timeoutMs = this.#timeoutMs): Promise<void> {
    return this.events.until(holds, timeoutMs, what);
  }

  close(): void {
    this.#abort.abort();
  }

  #now(): number {
    return performance.now() - this.openedAt;
  }

  async #read(response: Response): Promise<StreamEnd> {
    const end = await this.#follow(response);
    this.#log?.add(this.#label, `(${end})`);
    this.events.end(`the stream was ${end}`);
    this.chunks.end(`the stream was ${end}`);
    return end;
  }

  async #follow({ body }: Response): Promise<StreamEnd> {
    const parser = this.#parser();
    const reader = body?.getReader();
    try {
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        this.#checkUtf8(read.value);
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
    const heard = (name: string, text: string): void => this.#log?.add(this.#label, name, text);
    return new SseParser({
      onEvent: (message) => {
        heard(message.event, message.data);
        this.events.push({ ...message, offsetMs: this.#now() });
      },
      onId: (id) => this.places.push(id),
      onRetry: (milliseconds) => {
        heard("(retry)", String(milliseconds));
        this.retries.push(milliseconds);
      },
      onComment: (text) => {
        heard("(comment)", text);
        this.comments.push(text);
      },
      onProblem: (problem) => {
        heard(`(${problem.code})`, problem.text);
        this.problems.push({ ...problem, after: this.events.items.length });
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
