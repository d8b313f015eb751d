import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { Client, memoryStore } from "../index.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let admin: SuperuserClient;
let client: Client;

beforeAll(async () => {
  server = await startServer();
  admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection({
    name: "notes",
    type: "base",
    viewRule: "",
    updateRule: "",
    fields: [{ name: "title", type: "text" }],
    softDelete: { trashRule: "", restoreRule: "" },
    history: { historyRule: "" },
  });
  client = new Client(server.url, { store: memoryStore() });
});
afterAll(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

test("deleted records and earlier versions are listed and restored", async () => {
  const notes = client.collection("notes");
  const { id } = await admin.create("notes", { title: "first" });
  await notes.update(id, { title: "second" });
  expect((await notes.history(id, { perPage: 1 })).map(({ version, by }) => [version, by])).toEqual([
    [2, { kind: "guest" }],
  ]);
  expect((await notes.history(id, { before: 2 })).map(({ version }) => version)).toEqual([1]);
  expect((await notes.restore(id, 1))["title"]).toBe("first");
  await admin.request("DELETE", `/api/collections/notes/records/${id}`);
  expect((await notes.trash({ filter: "title = 'first'" })).items.map((item) => item.id)).toEqual([id]);
  expect((await notes.restore(id))["title"]).toBe("first");
  expect((await notes.trash()).totalItems).toBe(0);
});
