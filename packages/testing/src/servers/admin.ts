import { type Reply, type RequestOptions, request } from "../clients/request.ts";
import { SUPERUSER } from "./server-process.ts";

/** A record or a collection as the API shows it. */
export type Model = Readonly<Record<string, unknown>> & { readonly id: string };

/** The API in a superuser's hands; anything but success is an error with the answer in its message. */
export class Admin {
  private constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  static async signIn(url: string, account: { email: string; password: string } = SUPERUSER): Promise<Admin> {
    return new Admin(url, (await signIn(url, "_superusers", account.email, account.password)).token);
  }

  /** The same superuser on the same folder, served elsewhere by now. */
  at(url: string): Admin {
    return new Admin(url, this.token);
  }

  createCollection(definition: Readonly<Record<string, unknown>>): Promise<Model> {
    return this.#model("POST", "/api/collections", definition);
  }

  updateCollection(name: string, patch: Readonly<Record<string, unknown>>): Promise<Model> {
    return this.#model("PATCH", `/api/collections/${name}`, patch);
  }

  create(collection: string, values: Readonly<Record<string, unknown>> | FormData): Promise<Model> {
    return this.#model("POST", `/api/collections/${collection}/records`, values);
  }

  update(collection: string, id: string, values: Readonly<Record<string, unknown>>): Promise<Model> {
    return this.#model("PATCH", `/api/collections/${collection}/records/${id}`, values);
  }

  /** A user of `users` with its token. */
  async createUser(name: string, password = "1234567890"): Promise<{ id: string; token: string }> {
    const email = `${name}@example.com`;
    const { id } = await this.create("users", { email, password, passwordConfirm: password, name, verified: true });
    return { id, token: (await signIn(this.url, "users", email, password)).token };
  }

  request<Body = unknown>(method: string, path: string, options: RequestOptions = {}): Promise<Reply<Body>> {
    return request<Body>(this.url, method, path, { token: this.token, ...options });
  }

  #model(method: string, path: string, body: unknown): Promise<Model> {
    return expectOk(this.request<Model>(method, path, { body }), `${method} ${path}`);
  }
}

export interface SignedIn {
  readonly token: string;
  readonly record: Model;
}

export function signIn(url: string, collection: string, identity: string, password: string): Promise<SignedIn> {
  const path = `/api/collections/${collection}/auth-with-password`;
  return expectOk(request<SignedIn>(url, "POST", path, { body: { identity, password } }), path);
}

async function expectOk<Body>(reply: Promise<Reply<Body>>, what: string): Promise<Body> {
  const { status, body } = await reply;
  if (status < 200 || status > 299) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  return body;
}
