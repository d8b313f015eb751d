import { type Reply, type RequestOptions, request } from "./request.ts";
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

  request(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    return request(this.url, method, path, { token: this.token, ...options });
  }

  async #model(method: string, path: string, body: unknown): Promise<Model> {
    return (await expectOk(this.request(method, path, { body }), `${method} ${path}`)) as Model;
  }
}

export async function signIn(
  url: string,
  collection: string,
  identity: string,
  password: string,
): Promise<{ token: string; record: Model }> {
  const path = `/api/collections/${collection}/auth-with-password`;
  const body = await expectOk(request(url, "POST", path, { body: { identity, password } }), path);
  return body as { token: string; record: Model };
}

async function expectOk(reply: Promise<Reply>, what: string): Promise<unknown> {
  const { status, body } = await reply;
  if (status < 200 || status > 299) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  return body;
}
