import type { Clock } from "./clock.ts";
import { aborted, HeadwaterError } from "./errors.ts";
import { responseError } from "./http-errors.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type QueryValue = string | number | boolean | undefined;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** `FormData` is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** "" for a guest. */
  readonly token?: string;
  /** Milliseconds until the response headers must arrive. Default: 30,000. */
  readonly timeoutMs?: number;
}

export interface HttpResponse {
  readonly body: unknown;
  readonly headers: Headers;
}

export interface HttpOptions {
  /** The server's URL, with a path prefix if it has one. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

const TIMEOUT_MS = 30_000;

/** Sends requests to one server: builds URLs and bodies, and converts failures to HeadwaterError. */
export class Http {
  readonly clock: Clock;
  readonly #base: string;
  readonly #fetch: Fetch;

  constructor({ url, fetch, clock }: HttpOptions) {
    this.#base = url.replace(/\/+$/, "");
    this.#fetch = fetch;
    this.clock = clock;
  }

  url(path: string, query?: RequestOptions["query"]): string {
    return this.#base + this.path(path, query);
  }

  path(path: string, query: RequestOptions["query"] = {}): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(
      given.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    return `${path}${search === "" ? "" : `?${search}`}`;
  }

  /** @throws HeadwaterError if the response is not a success */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<HttpResponse> {
    const response = await this.send(method, path, options);
    if (!response.ok) throw await responseError(response, this.clock.now());
    return { headers: response.headers, body: await readJson(response) };
  }

  /** Sends a request and returns the response, whatever its status. @throws HeadwaterError if there is none */
  async send(method: string, path: string, options: RequestOptions): Promise<Response> {
    const { body, token = "", query, headers, signal, timeoutMs = TIMEOUT_MS } = options;
    const isForm = body instanceof FormData;
    const timeout = new AbortController();
    const cancelTimeout = this.clock.timer(timeoutMs, () => timeout.abort());
    try {
      return await this.#fetch(this.url(path, query), {
        method,
        headers: {
          ...(body !== undefined && !isForm && { "Content-Type": "application/json" }),
          ...(token !== "" && { Authorization: token }),
          ...headers,
        },
        ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
      });
    } catch (cause) {
      if (signal?.aborted) throw aborted(signal.reason);
      const [code, message] = timeout.signal.aborted
        ? (["timeout", `no response within ${timeoutMs} ms`] as const)
        : (["network", cause instanceof Error ? cause.message : String(cause)] as const);
      throw new HeadwaterError(code, message, { cause, url: this.url(path, query) });
    } finally {
      cancelTimeout();
    }
  }
}

async function readJson(response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw new HeadwaterError("network", "the connection was lost while reading the response", {
      cause,
      url: response.url,
    });
  }
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HeadwaterError("malformed", "the response is not JSON", { cause, text, url: response.url });
  }
}
