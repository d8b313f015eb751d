import { afterAll, beforeAll, setDefaultTimeout } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { MEMBERS_NOTES, PRIVATE_NOTES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SocketClient, type SocketClientOptions } from "@headwater/testing/clients/socket-client.ts";

/** A server for the tests of a file, with collections that all, some and few may read. */
export interface SocketServer {
  readonly url: string;
  readonly process: ServerProcess;
  readonly superuser: SuperuserClient;
  /** Somebody who signed in. */
  readonly user: { readonly id: string; readonly token: string };
  connect(options?: SocketClientOptions): Promise<SocketClient>;
  /** A superuser's connection. */
  connectAsSuperuser(): Promise<SocketClient>;
  connectAsUser(): Promise<SocketClient>;
  /** Who is connected, as a superuser is shown it; `undefined` for one that is gone. */
  showConnection(client: SocketClient): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Waits until the server has let go of a connection. */
  untilGone(client: SocketClient): Promise<void>;
}

/** @param args of the server's command line */
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
  const describe: SocketServer["showConnection"] = async ({ hello }) => {
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
    showConnection: describe,
    async untilGone(client) {
      while (await describe(client)) await Bun.sleep(5);
    },
  };
}
