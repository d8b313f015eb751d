import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { ARTICLES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Client, type Collection, filter, memoryStore, type RecordModel, versionOf } from "../index.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let admin: SuperuserClient;

beforeAll(async () => {
  server = await startServer();
  admin = await SuperuserClient.signIn(server.url);
  for (const definition of [PUBLIC_NOTES, ARTICLES]) await admin.createCollection(definition);
});

afterAll(() => server[Symbol.asyncDispose]());

const newClient = (): Client => new Client(server.url, { store: memoryStore() });

test("records with files can be created, read, listed, updated and deleted", async () => {
  const client = newClient();
  await client.authenticate("root@example.com", "1234567890", { collection: "_superusers" });
  const articles: Collection = client.collection("articles");
  const created = await articles.create({ title: "With a file", rank: 3, draft: new File(["hello"], "draft.txt") });
  expect(created).toMatchObject({ title: "With a file", rank: 3, collectionName: "articles" });
  const url = client.files.url(created, String(created["draft"]), { token: await client.files.token() });
  expect(await (await fetch(url)).text()).toBe("hello");
  expect(await articles.update(created.id, { rank: 4 })).toMatchObject({ rank: 4 });
  expect(await articles.view(created.id, { fields: "id,rank" })).toEqual({
    id: created.id,
    rank: 4,
  } as unknown as RecordModel);
  const page = await articles.list({ filter: filter`id = ${created.id}`, sort: "-rank" });
  expect(page).toMatchObject({ page: 1, totalItems: 1, items: [{ id: created.id }] });
  expect(page.cursor).toMatch(/^a\.[\w-]{22}$/);
  await articles.delete(created.id);
  expect(await rejectionOf(articles.view(created.id))).toMatchObject({ code: "not-found", status: 404 });
  expect(await rejectionOf(articles.create({ title: "x" }))).toMatchObject({
    code: "invalid",
    data: { title: { code: "validation_min_text_constraint" } },
  });
});

test("values in a filter are escaped, whatever they contain", async () => {
  const client = newClient();
  for (const title of [`a"b`, String.raw`c\d`, String.raw`e\\"f`, "g\nh\ti", `j' || 1=1 || 'k`, "l\\"]) {
    const { id } = await admin.create("notes", { title });
    const { items } = await client.collection("notes").list({ filter: filter`title = ${title}` });
    expect(items.map((item) => item.id)).toContain(id);
    expect(new Set(items.map((item) => item["title"]))).toEqual(new Set([title]));
  }
});

test("a write happens only to the version that it names", async () => {
  const client = newClient();
  await client.authenticate("root@example.com", "1234567890", { collection: "_superusers" });
  const articles: Collection = client.collection("articles");
  const { id } = await articles.create({ title: "A title" });
  const [read] = (await articles.list({ filter: filter`id = ${id}`, withVersion: true })).items;
  const ifMatch = versionOf(read!);
  expect(ifMatch).toMatch(/^[\w-]{22}$/);
  const written = await articles.update(id, { rank: 5 }, { ifMatch, withVersion: true });
  expect(await rejectionOf(articles.update(id, { rank: 6 }, { ifMatch }))).toMatchObject({
    code: "conflict",
    status: 412,
  });
  expect(await rejectionOf(articles.delete(id, { ifMatch }))).toMatchObject({ code: "conflict" });
  await articles.delete(id, { ifMatch: versionOf(written) });
});

test("values are computed over the records of a list", async () => {
  const client = newClient();
  for (const title of ["p", "p", "q"]) await admin.create("notes", { title: `sum ${title}` });
  const page = await client.collection("notes").aggregate({
    select: ["count", "last:max(title)"],
    groupBy: "title",
    filter: filter`title ~ ${"sum %"}`,
    having: "count > 1",
    sort: "-count",
  });
  expect(page).toMatchObject({ totalItems: 1, items: [{ title: "sum p", count: 2, last: "sum p" }] });
  const refused = client.collection("notes").aggregate({ select: "sum(title)" });
  expect(await rejectionOf(refused)).toMatchObject({ code: "invalid", data: { select: {} } });
});
