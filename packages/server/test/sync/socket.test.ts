import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { LISTS } from "./collections.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: SuperuserClient;
beforeAll(async () => {
  server = await startServer({ kind: "headwater" });
  superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(LISTS);
});
afterAll(() => server[Symbol.asyncDispose]());

const pokesOf = (client: SocketClient): number => client.inbox.items.filter(({ type }) => type === "sync").length;
const pokes = (client: SocketClient, count: number): Promise<void> =>
  client.inbox.until(() => pokesOf(client) >= count);
const streams = async (): Promise<unknown> =>
  (await superuser.request<Record<string, unknown>>("GET", "/api/v1/replicache/stats")).body["totalConnections"];

test("a WebSocket gets sync only when its user has something to pull", async () => {
  const [ann, bob] = [await superuser.createUser("ann"), await superuser.createUser("bob")];
  const connect = ({ token }: { token: string }) => SocketClient.connect(server.url, { query: `?token=${token}` });
  using annClient = await connect(ann);
  using bobClient = await connect(bob);
  for (const client of [annClient, bobClient])
    expect(await client.request({ type: "sync", on: true })).toMatchObject({ type: "sync" });
  expect(await streams()).toBe(2);

  const { id } = await superuser.create("lists", { title: "List", owner: ann.id });
  await pokes(annClient, 2);
  await superuser.update("lists", id, { members: [bob.id] });
  await pokes(bobClient, 2);
  await superuser.request("POST", "/api/v1/replicache/poke-user", { token: bob.token, body: {} });
  await pokes(bobClient, 3);
  // It gets no record events, because it has no subscriptions.
  expect(annClient.inbox.items.filter(({ type }) => type === "record_event")).toEqual([]);

  // After signing in as another user, it gets pokes for that user.
  await bobClient.request({ type: "auth", token: ann.token });
  const before = pokesOf(bobClient);
  await superuser.create("lists", { title: "Another", owner: ann.id });
  await pokes(bobClient, before + 1);
  await bobClient.request({ type: "sync", on: false });
  expect(await streams()).toBe(1);
  await bobClient.request({ type: "auth", token: null });
  expect(await bobClient.request({ type: "sync", on: true })).toMatchObject({ type: "error", code: "forbidden" });
  annClient[Symbol.dispose]();
  while ((await streams()) !== 0) await Bun.sleep(20);
});
