import { check, show } from "../../core/checks.ts";
import type { Fetch } from "../../stream/sse-stream.ts";

/** A record or a collection as the API returns it. */
export type ApiModel = Readonly<Record<string, unknown>> & { readonly id: string };

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface AuthResponse {
  readonly token: string;
  readonly record: ApiModel;
}

const TIMEOUT_MS = 30_000;

/** A client of PocketBase's REST API with a fixed token. */
export class ApiClient {
  readonly url: string;
  readonly token: string;
  readonly #fetch: Fetch;

  constructor(url: string, token = "", send: Fetch = (address, init) => fetch(address, init)) {
    this.url = url;
    this.token = token;
    this.#fetch = send;
  }

  withToken(token: string): ApiClient {
    return new ApiClient(this.url, token, this.#fetch);
  }

  async request(method: string, path: string, body?: unknown): Promise<ApiResponse> {
    const response = await this.#fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(this.token !== "" && { authorization: this.token }),
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : parse(text) };
  }

  /** @throws Failure unless the status is 2xx */
  async requestOk<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const response = await this.request(method, path, body);
    check(
      response.status >= 200 && response.status < 300,
      `${method} ${path}: ${response.status} ${show(response.body)}`,
    );
    return response.body as Body;
  }

  signIn(collection: string, identity: string, password: string): Promise<AuthResponse> {
    return this.requestOk<AuthResponse>("POST", `/api/collections/${collection}/auth-with-password`, {
      identity,
      password,
    });
  }

  create(collection: string, values: Readonly<Record<string, unknown>>): Promise<ApiModel> {
    return this.requestOk<ApiModel>("POST", `/api/collections/${collection}/records`, values);
  }

  update(collection: string, id: string, values: Readonly<Record<string, unknown>>): Promise<ApiModel> {
    return this.requestOk<ApiModel>("PATCH", `/api/collections/${collection}/records/${id}`, values);
  }

  async delete(collection: string, id: string): Promise<void> {
    await this.requestOk("DELETE", `/api/collections/${collection}/records/${id}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
