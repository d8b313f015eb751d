import { Bystander } from "@headwater/testing/bystander/bystander.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { createSchema } from "./schema.ts";
import { Violation } from "./violation.ts";

const ANSWER_MS = 15_000;
/** Statuses of a server that is at its limits, or older than the endpoint. */
const ALLOWED_ERRORS = new Set([501, 503]);

export interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
  readonly as?: Role;
}

export const ROLES = ["guest", "user", "superuser"] as const;
export type Role = (typeof ROLES)[number];

/** A server with records, accounts and streams, and a bystander that uses it. */
export class World implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly admin: SuperuserClient;
  readonly bystander: Bystander;
  readonly userToken: string;
  /** A stored record of `things`. */
  readonly record: string;
  #greeting = "";
  #stream: SseClient | undefined;

  private constructor(server: ServerProcess, admin: SuperuserClient, token: string, record: string, other: Bystander) {
    this.server = server;
    this.admin = admin;
    this.userToken = token;
    this.record = record;
    this.bystander = other;
  }

  static async open(root: string | undefined): Promise<World> {
    const server = await startServer({ root, args: ARGS });
    const admin = await SuperuserClient.signIn(server.url);
    const record = await createSchema(admin);
    const { token } = await admin.createUser("fuzz");
    const { id: note } = await admin.create("notes", { title: "read again and again" });
    const bystander = await Bystander.start({ url: server.url, pid: server.pid, record: note });
    const world = new World(server, admin, token, record, bystander);
    world.#greeting = await server.stderr();
    return world;
  }

  get url(): string {
    return this.server.url;
  }

  tokenOf(role: Role): string | undefined {
    return { guest: undefined, user: this.userToken, superuser: this.admin.token }[role];
  }

  /** The client id of a stream that is open. */
  async clientId(): Promise<string> {
    if (!this.#stream || this.#stream.isOver) this.#stream = await SseClient.connect(this.url);
    return this.#stream.id;
  }

  /** A cursor that the server issued. */
  async cursor(): Promise<string> {
    const response = await fetch(`${this.url}/api/collections/notes/records?perPage=1`);
    return response.headers.get("headwater-cursor") ?? "";
  }

  /** Sends a request. @returns the status @throws Violation for one that must not be, or for none */
  async send({ method, path, headers, body, as = "guest" }: Shot): Promise<number> {
    const token = this.tokenOf(as);
    const all = { "content-type": "application/json", ...(token && { authorization: token }), ...headers };
    if (body instanceof FormData) delete (all as Record<string, string>)["content-type"];
    const response = await this.#fetch(path, { method, headers: all, ...(body !== undefined && { body }) });
    if (response === undefined) return 0;
    const text = await response.text();
    const isHealthy = response.status < 500 || ALLOWED_ERRORS.has(response.status);
    if (!isHealthy) throw new Violation(`${method} ${path} was answered with ${response.status} ${text.slice(0, 300)}`);
    if (response.headers.get("content-type")?.startsWith("application/json") && text !== "") JSON.parse(text);
    return response.status;
  }

  /** @returns undefined if the request can't be sent, or the server cut the connection */
  async #fetch(path: string, options: RequestInit): Promise<Response | undefined> {
    try {
      return await fetch(this.url + path, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
    } catch (error) {
      if (error instanceof Error && error.name === "TimeoutError") {
        throw new Violation(`${options.method} ${path} was not answered within ${ANSWER_MS / 1000} s`);
      }
      if (!(await this.isUp())) throw new Violation(`the server went down at ${options.method} ${path}`);
      return undefined;
    }
  }

  async isUp(): Promise<boolean> {
    return fetch(`${this.url}/api/health`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** What the server printed on standard error since it started: nothing, unless something broke. */
  async printed(): Promise<string> {
    return (await this.server.stderr()).slice(this.#greeting.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream?.close();
    this.bystander[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

const ARGS =
  "--trusted-proxy-header X-Forwarded-For --subscribe-rate 100000 --request-rate 100000 --query-seconds 5 --log-level error".split(
    " ",
  );
