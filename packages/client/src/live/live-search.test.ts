import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Client, memoryStore, snippetsOf } from "../index.ts";

setDefaultTimeout(120_000);

let server: ServerProcess;
let admin: SuperuserClient;
let client: Client;

beforeAll(async () => {
  server = await startServer();
  admin = await SuperuserClient.signIn(server.url);
  const fields = [{ name: "title", type: "text" }];
  await admin.createCollection({ name: "notes", type: "base", listRule: "", fields, search: { fields: ["title"] } });
  await admin.createCollection({ name: "plain", type: "base", listRule: "", fields });
  client = new Client(server.url, { store: memoryStore(), limits: { minMs: 1, baseMs: 5, maxMs: 30 } });
});
afterAll(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

test("a list is searched, in order of rank and with snippets", async () => {
  await admin.create("notes", { title: "A long text about many things, and a whale" });
  await admin.create("notes", { title: "Whale" });
  const { items } = await client.collection("notes").list({ search: "whale", withSnippets: true });
  expect(items.map(snippetsOf)).toEqual([
    { title: "<mark>Whale</mark>" },
    { title: "A long text about many things, and a <mark>whale</mark>" },
  ]);
});

test("a live list has what its search finds", async () => {
  const list = await client.collection("notes").live({ search: "bird* -penguin", sort: "title" });
  const change = async (work: () => Promise<unknown>): Promise<readonly unknown[]> => {
    const changed = Promise.withResolvers<void>();
    const stop = list.onChange(() => changed.resolve());
    await work();
    await changed.promise;
    stop();
    return list.items.map((record) => record["title"]);
  };
  await admin.create("notes", { title: "fish" });
  let id = "";
  expect(await change(async () => ({ id } = await admin.create("notes", { title: "birds" })))).toEqual(["birds"]);
  await admin.create("notes", { title: "a penguin is a bird" });
  expect(await change(() => admin.create("notes", { title: "A Bird" }))).toEqual(["A Bird", "birds"]);
  expect(await change(() => admin.update("notes", id, { title: "fly" }))).toEqual(["A Bird"]);
  list.close();
});

test("without a search index, the error says what to do", async () => {
  const plain = client.collection("plain");
  const notice = { code: "invalid", message: expect.stringContaining("search") as unknown };
  expect(await rejectionOf(plain.list({ search: "x" }))).toMatchObject(notice);
  expect(await rejectionOf(plain.live({ search: "x" }))).toMatchObject(notice);
  expect(await rejectionOf(plain.subscribe({ search: "x" }).ready)).toMatchObject(notice);
});
