import { type Reply, type RequestOptions, request } from "../clients/request.ts";
import { SUPERUSER } from "./server-process.ts";

/** A record or a collection as the API returns it. */
export type ApiModel = Readonly<Record<string, unknown>> & { readonly id: string };

/** A client of the REST API with a superuser's token. Methods throw unless the status is 2xx; `request` never does. */
export class SuperuserClient {
  private constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  static async signIn(url: string, account: { email: string; password: string } = SUPERUSER): Promise<SuperuserClient> {
    return new SuperuserClient(url, (await signIn(url, "_superusers", account.email, account.password)).token);
  }

  /** The same superuser at another URL, for example after a restart. */
  at(url: string): SuperuserClient {
    return new SuperuserClient(url, this.token);
  }

  createCollection(definition: Readonly<Record<string, unknown>>): Promise<ApiModel> {
    return this.#send("POST", "/api/collections", definition);
  }

  updateCollection(name: string, patch: Readonly<Record<string, unknown>>): Promise<ApiModel> {
    return this.#send("PATCH", `/api/collections/${name}`, patch);
  }

  create(collection: string, values: Readonly<Record<string, unknown>> | FormData): Promise<ApiModel> {
    return this.#send("POST", `/api/collections/${collection}/records`, values);
  }

  update(collection: string, id: string, values: Readonly<Record<string, unknown>>): Promise<ApiModel> {
    return this.#send("PATCH", `/api/collections/${collection}/records/${id}`, values);
  }

  /** Creates a verified user in `users` and signs it in. */
  async createUser(name: string, password = "1234567890"): Promise<{ id: string; token: string }> {
    const email = `${name}@example.com`;
    const { id } = await this.create("users", { email, password, passwordConfirm: password, name, verified: true });
    return { id, token: (await signIn(this.url, "users", email, password)).token };
  }

  request<Body = unknown>(method: string, path: string, options: RequestOptions = {}): Promise<Reply<Body>> {
    return request<Body>(this.url, method, path, { token: this.token, ...options });
  }

  #send(method: string, path: string, body: unknown): Promise<ApiModel> {
    return expectOk(this.request<ApiModel>(method, path, { body }), `${method} ${path}`);
  }
}

export interface AuthResponse {
  readonly token: string;
  readonly record: ApiModel;
}

export function signIn(url: string, collection: string, identity: string, password: string): Promise<AuthResponse> {
  const path = `/api/collections/${collection}/auth-with-password`;
  return expectOk(request<AuthResponse>(url, "POST", path, { body: { identity, password } }), path);
}

async function expectOk<Body>(reply: Promise<Reply<Body>>, what: string): Promise<Body> {
  const { status, body } = await reply;
  if (status < 200 || status > 299) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  return body;
}
