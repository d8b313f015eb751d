import { afterAll, beforeAll } from "bun:test";
import { Admin } from "./admin.ts";
import { Inbox } from "../clients/inbox.ts";
import { PokeStream } from "../clients/poke-stream.ts";
import { type Reply, request } from "../clients/request.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { LISTS, todosOf } from "./sync-collections.ts";

export const BASE = "/api/v1/replicache";
export type User = Awaited<ReturnType<Admin["createUser"]>>;
// oxlint-disable-next-line typescript/no-explicit-any -- a test reads into bodies of every shape
export type Answer = Reply<any>;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly args?: unknown;
  readonly clientID?: string;
}

let made = 0;
/** Never given twice. */
export const newName = (): string => `n${(made += 1)}x`;

export const createList = (id: number, owner: string, title = "List"): Call => ({
  id,
  name: "create",
  args: { collection: "lists", id: newName().padEnd(15, "0"), data: { title, owner } },
});

/** A server of a test file's own with two users, and requests as Replicache makes them. */
export class SyncServer {
  process!: ServerProcess;
  admin!: Admin;
  ann!: User;
  bob!: User;

  get url(): string {
    return this.process.url;
  }

  post(user: User | undefined, path: string, body: unknown): Promise<Answer> {
    const token = user && { token: `Bearer ${user.token}` };
    return request(this.url, "POST", BASE + path, { ...token, body });
  }

  get(user: Pick<User, "token"> | undefined, path: string): Promise<Answer> {
    return request(this.url, "GET", BASE + path, { ...(user && { token: user.token }) });
  }

  pull(user: User, group: string, cookie: unknown = null): Promise<Answer> {
    const body = { profileID: "p", clientGroupID: group, cookie, pullVersion: 1, schemaVersion: "" };
    return this.post(user, "/pull", body);
  }

  push(user: User, group: string, calls: readonly Call[]): Promise<Answer> {
    const mutations = calls.map((call) => ({ clientID: `${group}c`, args: null, timestamp: 0.5, ...call }));
    const body = { profileID: "p", clientGroupID: group, mutations, pushVersion: 1, schemaVersion: "" };
    return this.post(user, "/push", body);
  }

  /** A stream, and what it has said so far. */
  listen(user: User, path = "/stream"): { readonly heard: Inbox<string> } & Disposable {
    const heard = new Inbox<string>();
    const stream = new PokeStream(
      this.url,
      () => user.token,
      (data) => heard.push(data),
      path,
    );
    return { heard, [Symbol.dispose]: () => stream[Symbol.dispose]() };
  }
}

/** Starts before the file's first test, and ends after its last. */
export function useSyncServer(): SyncServer {
  const server = new SyncServer();
  beforeAll(async () => {
    server.process = await startServer({ kind: "headwater" });
    server.admin = await Admin.signIn(server.url);
    const { id } = await server.admin.createCollection(LISTS);
    await server.admin.createCollection(todosOf(id));
    server.ann = await server.admin.createUser("ann");
    server.bob = await server.admin.createUser("bob");
  });
  afterAll(() => server.process[Symbol.asyncDispose]());
  return server;
}
