import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { type ApiModel, SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(120_000);

let server: ServerProcess;
let superuser: SuperuserClient;
let ann: { id: string; token: string };
let root: string;
let users: string;

interface Entry {
  readonly version: number;
  readonly action: string;
  readonly by: object;
  readonly changes: Readonly<Record<string, { readonly old: unknown; readonly new: unknown }>>;
}

beforeAll(async () => {
  server = await startServer();
  superuser = await SuperuserClient.signIn(server.url);
  ann = await superuser.createUser("ann");
  users = (await superuser.request<ApiModel>("GET", "/api/collections/users")).body.id;
  root = (await superuser.request<{ items: ApiModel[] }>("GET", "/api/collections/_superusers/records")).body.items[0]!
    .id;
  await superuser.request("PATCH", "/api/settings", { body: { batch: { enabled: true } } });
  await superuser.createCollection({
    name: "posts",
    type: "base",
    listRule: "",
    viewRule: "title != 'closed'",
    createRule: "",
    updateRule: "@request.auth.id != ''",
    deleteRule: "",
    fields: [
      { name: "title", type: "text" },
      { name: "secret", type: "text", hidden: true },
      { name: "data", type: "json" },
      { name: "n", type: "number" },
      { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
    ],
    history: { keep: 5, historyRule: "@request.auth.id != ''" },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const send = (method: string, path: string, token?: string, body?: unknown) =>
  request<{ items: Entry[] } & ApiModel>(server.url, method, `/api/collections/posts/records${path}`, {
    ...(token !== undefined && { token }),
    ...(body !== undefined && { body: body as never }),
  });

const historyOf = async (id: string, token = superuser.token, query = ""): Promise<readonly Entry[]> => {
  const { status, body } = await send("GET", `/${id}/history${query}`, token);
  expect(status).toBe(200);
  return body.items;
};
const without = ({ changes }: Entry) =>
  Object.fromEntries(Object.entries(changes).filter(([name]) => name !== "updated"));

test("a history says who changed what, and never what is hidden", async () => {
  const { id } = (await send("POST", "", undefined, { title: "one", data: { a: 1 } })).body;
  await send("PATCH", `/${id}`, ann.token, { title: "two" });
  await superuser.update("posts", id, { "n+": 2, secret: "hidden" });
  await superuser.request("POST", "/api/batch", {
    body: {
      requests: [
        { method: "PATCH", url: `/api/collections/posts/records/${id}`, body: { title: "three" } },
        { method: "PATCH", url: `/api/collections/posts/records/${id}`, body: { data: "[2]" } },
      ],
    },
  });
  const entries = await historyOf(id);
  const account = (collectionId: string, of: string) => ({ kind: "account", collectionId, id: of });
  const superusers = (entries[0]!.by as { collectionId: string }).collectionId;
  expect(entries.map(({ version, action, by }) => [version, action, by])).toEqual([
    [5, "update", account(superusers, root)],
    [4, "update", account(superusers, root)],
    [3, "update", account(superusers, root)],
    [2, "update", account(users, ann.id)],
    [1, "create", { kind: "guest" }],
  ]);
  expect(entries.map(without)).toEqual([
    { data: { old: { a: 1 }, new: [2] } },
    { title: { old: "two", new: "three" } },
    { n: { old: 0, new: 2 } },
    { title: { old: "one", new: "two" } },
    { title: { old: null, new: "one" }, data: { old: null, new: { a: 1 } } },
  ]);
  expect(JSON.stringify(entries)).not.toContain("hidden");
  expect((await historyOf(id, ann.token, "?perPage=2&before=5")).map(({ version }) => version)).toEqual([4, 3]);
});

test("a version is restored under the update rule, and only so many are kept", async () => {
  const { id } = (await send("POST", "", undefined, { title: "v1", data: '"[1]"', n: 1 })).body;
  for (const n of [2, 3, 4]) await send("PATCH", `/${id}`, ann.token, { title: `v${n}`, n, data: { n } });
  expect((await send("POST", `/${id}/history/2/restore`)).status).toBe(404);
  expect((await send("POST", `/${id}/history/1/restore`, ann.token)).body).toMatchObject({
    title: "v1",
    n: 1,
    data: "[1]",
  });
  expect((await send("POST", `/${id}/history/3/restore`, ann.token)).body).toMatchObject({
    title: "v3",
    data: { n: 3 },
  });
  expect((await historyOf(id)).map(({ version }) => version)).toEqual([6, 5, 4, 3, 2]);
  expect((await send("POST", `/${id}/history/1/restore`, ann.token)).status).toBe(404);
  expect((await send("POST", `/${id}/history/x/restore`, ann.token)).status).toBe(400);
  expect((await send("POST", `/${id}/history/6/restore`, ann.token)).body).toMatchObject({ title: "v3", n: 3 });
});

test("a history is read under the view rule and its own", async () => {
  const { id } = await superuser.create("posts", { title: "closed" });
  expect((await send("GET", `/${id}/history`, ann.token)).status).toBe(404);
  expect((await send("GET", "/missing00000000/history", ann.token)).status).toBe(404);
  await superuser.update("posts", id, { title: "open" });
  expect((await send("GET", `/${id}/history`)).status).toBe(404);
  expect((await historyOf(id, ann.token)).length).toBe(2);
  await superuser.updateCollection("posts", { history: { keep: 5 } });
  expect((await send("GET", `/${id}/history`, ann.token)).status).toBe(403);
});

test("of a record that is gone for good, there is only that it was deleted", async () => {
  const { id } = await superuser.create("posts", { title: "private words" });
  await superuser.update("posts", id, { title: "other words" });
  await send("DELETE", `/${id}`, ann.token);
  const entries = await historyOf(id);
  expect(entries.map(({ action, by, changes }) => ({ action, by, changes }))).toEqual([
    { action: "delete", by: { kind: "account", collectionId: users, id: ann.id }, changes: {} },
  ]);
});

test("with soft delete, a history goes on after a restore, and goes with a purge", async () => {
  await superuser.updateCollection("posts", { history: true, softDelete: true });
  const { id } = await superuser.create("posts", { title: "a" });
  await superuser.update("posts", id, { title: "b" });
  await send("DELETE", `/${id}`, ann.token);
  await send("POST", `/${id}/restore`, superuser.token);
  await superuser.update("posts", id, { title: "c" });
  expect((await historyOf(id)).map(({ action }) => action)).toEqual([
    "update",
    "restore",
    "delete",
    "update",
    "create",
  ]);
  expect((await send("POST", `/${id}/history/1/restore`, superuser.token)).body["title"]).toBe("a");
  await send("DELETE", `/${id}`, ann.token);
  await superuser.request("DELETE", `/api/collections/posts/trash/${id}`);
  expect((await historyOf(id)).map(({ action, changes }) => [action, changes])).toEqual([["delete", {}]]);
});
