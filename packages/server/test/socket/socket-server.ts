import { afterAll, beforeAll, setDefaultTimeout } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { MEMBERS_NOTES, PRIVATE_NOTES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SocketClient, type SocketClientOptions } from "@headwater/testing/clients/socket-client.ts";

/** A server for one test file, with public, members-only, private and superusers-only collections. */
export interface SocketServer {
  readonly url: string;
  readonly process: ServerProcess;
  readonly superuser: SuperuserClient;
  /** A signed-in user. */
  readonly user: { readonly id: string; readonly token: string };
  connect(options?: SocketClientOptions): Promise<SocketClient>;
  /** Connects as a superuser. */
  connectAsSuperuser(): Promise<SocketClient>;
  connectAsUser(): Promise<SocketClient>;
  /** The connection as the API shows it to a superuser, or undefined if it is closed. */
  showConnection(client: SocketClient): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Waits until the server has removed the connection. */
  untilGone(client: SocketClient): Promise<void>;
}

/** Starts a server before the file's tests and stops it after them. @param args for the command line */
export function useSocketServer(args: readonly string[] = []): SocketServer {
  let process!: ServerProcess;
  let superuser!: SuperuserClient;
  let user!: SocketServer["user"];
  const clients: SocketClient[] = [];
  setDefaultTimeout(60_000);
  beforeAll(async () => {
    process = await startServer({ args });
    superuser = await SuperuserClient.signIn(process.url);
    for (const collection of [
      PUBLIC_NOTES,
      { ...PUBLIC_NOTES, name: "comments" },
      MEMBERS_NOTES,
      PRIVATE_NOTES,
      { ...PUBLIC_NOTES, name: "vault", listRule: null, viewRule: null },
    ]) {
      await superuser.createCollection(collection);
    }
    user = await superuser.createUser("ann");
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await process[Symbol.asyncDispose]();
  });

  const connect = async (options: SocketClientOptions = {}): Promise<SocketClient> => {
    const client = await SocketClient.connect(process.url, options);
    clients.push(client);
    return client;
  };
  const showConnection: SocketServer["showConnection"] = async ({ hello }) => {
    const path = `/api/realtime/connections/${hello.connectionId}`;
    const { status, body } = await superuser.request<Readonly<Record<string, unknown>>>("GET", path);
    return status === 200 ? body : undefined;
  };
  return {
    get url() {
      return process.url;
    },
    get process() {
      return process;
    },
    get superuser() {
      return superuser;
    },
    get user() {
      return user;
    },
    connect,
    connectAsSuperuser: () => connect({ headers: { authorization: superuser.token } }),
    connectAsUser: () => connect({ headers: { authorization: user.token } }),
    showConnection,
    async untilGone(client) {
      while (await showConnection(client)) await Bun.sleep(5);
    },
  };
}
