import { SseParser } from "@headwater/protocol";
import { toHeadwaterError, HeadwaterError } from "../errors.ts";
import type { Http } from "../http.ts";
import { responseError } from "../http-errors.ts";
import { subscribeByPost } from "./sse-subscribe.ts";
import type { Link, LinkEnd, LinkListener, Transport } from "./transport.ts";

export interface SseOptions {
  readonly http: Http;
  /** Whether an unknown field ends the stream. Otherwise it is a warning. */
  readonly strict: boolean;
}

const PATH = "/api/realtime";

/** PocketBase's realtime protocol: events over an SSE stream, subscriptions by POST. */
export const sseTransport = (options: SseOptions): Transport => ({
  name: "sse",
  open(listener) {
    const link = new SseLink(options, listener);
    void link.run();
    return link;
  },
});

class SseLink implements Link {
  readonly #http: Http;
  readonly #strict: boolean;
  readonly #listener: LinkListener;
  readonly #abort = new AbortController();
  readonly #parser: SseParser;
  #clientId: string | undefined;

  constructor({ http, strict }: SseOptions, listener: LinkListener) {
    this.#http = http;
    this.#strict = strict;
    this.#listener = listener;
    this.#parser = new SseParser({
      onEvent: ({ event, data, id }) => this.#event(event, data, id),
      onId: (id) => listener.cursor(id),
      onRetry: (milliseconds) => listener.retry(milliseconds),
      onProblem: ({ code, text }) => this.#problem(code, text),
    });
  }

  async subscribe(request: Parameters<Link["subscribe"]>[0]): ReturnType<Link["subscribe"]> {
    return subscribeByPost(this.#http, PATH, this.#clientId ?? "", request, this.#abort.signal);
  }

  close(): void {
    this.#abort.abort();
  }

  /** Reads the stream to its end, and reports how it ended unless `close` was called. */
  async run(): Promise<void> {
    const end = await this.#read().catch((error: unknown) => lostOrRefused(toHeadwaterError(error)));
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#listener.ended(end);
  }

  async #read(): Promise<LinkEnd> {
    const { signal } = this.#abort;
    const response = await this.#http.send("GET", PATH, {
      headers: { Accept: "text/event-stream" },
      signal,
      // The owner of the link has its own timeout.
      timeoutMs: Infinity,
    });
    if (response.status === 204)
      return refused(new HeadwaterError("no-stream", "the server ended realtime for this client (204)"));
    if (!response.ok) return endOf(await responseError(response, this.#http.clock.now()));
    const type = response.headers.get("content-type") ?? "";
    if (!/^text\/event-stream\b/i.test(type)) {
      const text = await firstChunkOf(response);
      return lost(
        new HeadwaterError("malformed", `expected text/event-stream, got ${type || "no content type"}`, { text }),
      );
    }
    await this.#follow(response);
    return lost(new HeadwaterError("network", "the server ended the stream"));
  }

  async #follow(response: Response): Promise<void> {
    const reader = response.body!.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#abort.signal.aborted) return;
        if (done) return this.#parser.end();
        this.#listener.bytes(value.length);
        this.#parser.feed(value);
      }
    } finally {
      reader.cancel().catch(() => undefined); // A failed stream can't be cancelled.
    }
  }

  #event(name: string, data: string, id: string | undefined): void {
    // One chunk may hold several events, and the app may close the link in any of them.
    if (this.#abort.signal.aborted) return;
    if (name !== "PB_CONNECT") return this.#listener.event({ name, data, id });
    if (this.#clientId !== undefined) return;
    this.#clientId = id ?? "";
    this.#listener.opened(this.#clientId);
  }

  #problem(code: string, text: string): void {
    // A lost connection leaves an incomplete event, which is sent again.
    if (code === "incomplete-event" || this.#abort.signal.aborted) return;
    const error = new HeadwaterError("malformed", `the stream has an invalid line: ${code}`, { text });
    if (this.#strict) throw error;
    this.#listener.warning(error);
  }
}

/** The first chunk of a body that may never end, at most 1000 characters. */
async function firstChunkOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  reader?.cancel().catch(() => undefined);
  return new TextDecoder().decode(value).slice(0, 1_000);
}

const lost = (error: HeadwaterError): LinkEnd => ({ kind: "lost", error });
const refused = (error: HeadwaterError): LinkEnd => ({ kind: "refused", error });

/** Malformed data would arrive again. A network error may go away. */
const lostOrRefused = (error: HeadwaterError): LinkEnd => (error.code === "malformed" ? refused(error) : lost(error));

/** Statuses that may go away, from a busy server or a proxy that is starting. */
const RETRYABLE_STATUSES = new Set([401, 408, 421, 425, 429]);

function endOf(error: HeadwaterError): LinkEnd {
  const { status = 0 } = error;
  return status >= 500 || RETRYABLE_STATUSES.has(status) ? lost(error) : refused(error);
}
