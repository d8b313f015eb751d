import { SseParser } from "@headwater/protocol";
import { toHeadwaterError, HeadwaterError } from "../errors.ts";
import type { Http } from "../http.ts";
import { responseError } from "../http-errors.ts";
import { subscribeByPost } from "./sse-subscribe.ts";
import type { Link, LinkEnd, LinkListener, Transport } from "./transport.ts";

export interface SseOptions {
  readonly http: Http;
  /** Whether a field that the standard knows nothing of ends the stream; otherwise it is a warning. */
  readonly strict: boolean;
}

const PATH = "/api/realtime";

/** PocketBase's protocol: events over one stream, subscriptions by POST. */
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

  /** Reads the stream to its end, and says how it ended unless that was our own doing. */
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
      // The owner of the link decides when a greeting takes too long.
      timeoutMs: Infinity,
    });
    if (response.status === 204) return refused(new HeadwaterError("no-stream", "the server wants no stream (204)"));
    if (!response.ok) return endOf(await responseError(response, this.#http.clock.now()));
    const type = response.headers.get("content-type") ?? "";
    if (!/^text\/event-stream\b/i.test(type)) {
      const text = await firstChunkOf(response);
      return lost(
        new HeadwaterError("malformed", `a stream was asked for, ${type || "something else"} came`, { text }),
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
      reader.cancel().catch(() => undefined); // The stream may have failed: then there is nothing to cancel.
    }
  }

  #event(name: string, data: string, id: string | undefined): void {
    // One read may hold many events; the app may close the link at any of them.
    if (this.#abort.signal.aborted) return;
    if (name !== "PB_CONNECT") return this.#listener.event({ name, data, id });
    if (this.#clientId !== undefined) return;
    this.#clientId = id ?? "";
    this.#listener.opened(this.#clientId);
  }

  #problem(code: string, text: string): void {
    // What a cut leaves behind is the network's doing, and comes again.
    if (code === "incomplete-event" || this.#abort.signal.aborted) return;
    const error = new HeadwaterError("malformed", `the stream has a line that is none of its: ${code}`, { text });
    if (this.#strict) throw error;
    this.#listener.warning(error);
  }
}

/** What came first of a body that may have no end. */
async function firstChunkOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  reader?.cancel().catch(() => undefined);
  return new TextDecoder().decode(value).slice(0, 1_000);
}

const lost = (error: HeadwaterError): LinkEnd => ({ kind: "lost", error });
const refused = (error: HeadwaterError): LinkEnd => ({ kind: "refused", error });

/** What is malformed by the strict reading comes again as it was; a network may heal. */
const lostOrRefused = (error: HeadwaterError): LinkEnd => (error.code === "malformed" ? refused(error) : lost(error));

/** Statuses that may pass: a proxy on its way up, a server that is busy, a request that was too slow. */
const RETRYABLE_STATUSES = new Set([401, 408, 421, 425, 429]);

function endOf(error: HeadwaterError): LinkEnd {
  const { status = 0 } = error;
  return status >= 500 || RETRYABLE_STATUSES.has(status) ? lost(error) : refused(error);
}
