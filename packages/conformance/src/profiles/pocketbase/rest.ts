import { check, show } from "../../core/checks.ts";
import type { Fetch } from "../../stream/sse-stream.ts";

/** A record or a collection, as the API shows it. */
export type Model = Readonly<Record<string, unknown>> & { readonly id: string };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface SignedIn {
  readonly token: string;
  readonly record: Model;
}

const TIMEOUT_MS = 30_000;

/** PocketBase's API in somebody's name. */
export class Rest {
  readonly url: string;
  readonly token: string;
  readonly #fetch: Fetch;

  constructor(url: string, token = "", send: Fetch = (address, init) => fetch(address, init)) {
    this.url = url;
    this.token = token;
    this.#fetch = send;
  }

  as(token: string): Rest {
    return new Rest(this.url, token, this.#fetch);
  }

  async request(method: string, path: string, body?: unknown): Promise<Answer> {
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

  /** @throws Failure for anything but success */
  async ok<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.request(method, path, body);
    check(answer.status >= 200 && answer.status < 300, `${method} ${path}: ${answer.status} ${show(answer.body)}`);
    return answer.body as Body;
  }

  signIn(collection: string, identity: string, password: string): Promise<SignedIn> {
    return this.ok<SignedIn>("POST", `/api/collections/${collection}/auth-with-password`, { identity, password });
  }

  create(collection: string, values: Readonly<Record<string, unknown>>): Promise<Model> {
    return this.ok<Model>("POST", `/api/collections/${collection}/records`, values);
  }

  update(collection: string, id: string, values: Readonly<Record<string, unknown>>): Promise<Model> {
    return this.ok<Model>("PATCH", `/api/collections/${collection}/records/${id}`, values);
  }

  async delete(collection: string, id: string): Promise<void> {
    await this.ok("DELETE", `/api/collections/${collection}/records/${id}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
