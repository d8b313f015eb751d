import { afterAll, beforeAll } from "bun:test";
import { join } from "node:path";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { PokeStream } from "./poke-stream.ts";
import { type Reply, request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { LISTS, todosOf } from "./collections.ts";

export const BASE = "/api/v1/replicache";

/** Arguments of a server that has the mutator `vote`. */
export const SYNC_HOOKS = ["--hooks", join(import.meta.dir, "hooks")];

export type User = Awaited<ReturnType<SuperuserClient["createUser"]>>;
// oxlint-disable-next-line typescript/no-explicit-any -- a test reads into bodies of every shape
export type TestReply = Reply<any>;

export interface MutationCall {
  readonly id: number;
  readonly name: string;
  readonly args?: unknown;
  readonly clientID?: string;
}

let namesGiven = 0;
/** A unique name. */
export const newName = (): string => `n${(namesGiven += 1)}x`;

export const createList = (id: number, owner: string, title = "List"): MutationCall => ({
  id,
  name: "create",
  args: { collection: "lists", id: newName().padEnd(15, "0"), data: { title, owner } },
});

/** A server for one test file, with two users, and requests as Replicache sends them. */
export class SyncServer {
  process!: ServerProcess;
  superuser!: SuperuserClient;
  ann!: User;
  bob!: User;

  get url(): string {
    return this.process.url;
  }

  post(user: User | undefined, path: string, body: unknown): Promise<TestReply> {
    const token = user && { token: `Bearer ${user.token}` };
    return request(this.url, "POST", BASE + path, { ...token, body });
  }

  get(user: Pick<User, "token"> | undefined, path: string): Promise<TestReply> {
    return request(this.url, "GET", BASE + path, { ...(user && { token: user.token }) });
  }

  pull(user: User, group: string, cookie: unknown = null): Promise<TestReply> {
    const body = { profileID: "p", clientGroupID: group, cookie, pullVersion: 1, schemaVersion: "" };
    return this.post(user, "/pull", body);
  }

  push(user: User, group: string, calls: readonly MutationCall[]): Promise<TestReply> {
    const mutations = calls.map((call) => ({ clientID: `${group}c`, args: null, timestamp: 0.5, ...call }));
    const body = { profileID: "p", clientGroupID: group, mutations, pushVersion: 1, schemaVersion: "" };
    return this.post(user, "/push", body);
  }

  /** Opens a poke stream, and records its messages. */
  listen(user: User, path = "/stream"): { readonly messages: Inbox<string> } & Disposable {
    const messages = new Inbox<string>();
    const stream = new PokeStream(
      this.url,
      () => user.token,
      (data) => messages.push(data),
      path,
    );
    return { messages, [Symbol.dispose]: () => stream[Symbol.dispose]() };
  }
}

/** Starts a server before the file's tests and stops it after them. */
export function useSyncServer(): SyncServer {
  const server = new SyncServer();
  beforeAll(async () => {
    server.process = await startServer({ kind: "headwater" });
    server.superuser = await SuperuserClient.signIn(server.url);
    const { id } = await server.superuser.createCollection(LISTS);
    await server.superuser.createCollection(todosOf(id));
    server.ann = await server.superuser.createUser("ann");
    server.bob = await server.superuser.createUser("bob");
  });
  afterAll(() => server.process[Symbol.asyncDispose]());
  return server;
}
