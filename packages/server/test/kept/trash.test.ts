import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { signIn, type ApiModel, SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(120_000);

let server: ServerProcess;
let superuser: SuperuserClient;
let ann: { id: string; token: string };

beforeAll(async () => {
  server = await startServer();
  superuser = await SuperuserClient.signIn(server.url);
  ann = await superuser.createUser("ann");
  const rules = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "owner = @request.auth.id" };
  const posts = await superuser.createCollection({
    name: "posts",
    type: "base",
    ...rules,
    fields: [
      { name: "title", type: "text" },
      { name: "slug", type: "text" },
      { name: "owner", type: "text" },
      { name: "secret", type: "text", hidden: true },
      { name: "file", type: "file" },
      { name: "data", type: "json" },
      { name: "n", type: "number" },
      { name: "on", type: "bool" },
      { name: "labels", type: "select", maxSelect: 2, values: ["a", "b"] },
      { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
    ],
    indexes: ["CREATE UNIQUE INDEX `idx_slug` ON `posts` (`slug`)"],
    search: { fields: ["title"] },
    softDelete: { trashRule: "owner = @request.auth.id", restoreRule: "owner = @request.auth.id" },
  });
  expect(posts["softDelete"]).toEqual({
    days: 30,
    trashRule: "owner = @request.auth.id",
    restoreRule: "owner = @request.auth.id",
  });
  const post = { name: "post", type: "relation", collectionId: posts.id, maxSelect: 1 };
  const text = { name: "text", type: "text" };
  const fields = [text, { ...post, cascadeDelete: true, required: true }];
  await superuser.createCollection({ name: "remarks", type: "base", listRule: "", fields, softDelete: true });
  await superuser.createCollection({ name: "likes", type: "base", listRule: "", fields });
  await superuser.createCollection({ name: "links", type: "base", listRule: "", fields: [text, post] });
});
afterAll(() => server[Symbol.asyncDispose]());

const send = (method: string, path: string, token?: string, body?: Readonly<Record<string, unknown>>) =>
  request<ApiModel & { items: ApiModel[]; totalItems: number; data: Record<string, { code: string }> }>(
    server.url,
    method,
    `/api/collections/${path}`,
    { ...(token !== undefined && { token }), ...(body && { body }) },
  );

async function createPost(values: Readonly<Record<string, string>> = {}): Promise<ApiModel> {
  const form = new FormData();
  const all = {
    title: "a whale",
    slug: crypto.randomUUID(),
    owner: ann.id,
    secret: "s",
    data: '{"a":[1]}',
    n: "1.5",
    ...values,
  };
  for (const [key, value] of Object.entries(all)) form.append(key, value);
  form.append("on", "true");
  form.append("labels", "a");
  form.append("labels", "b");
  form.append("file", new File(["content"], "note.txt"));
  return superuser.create("posts", form);
}

test("a deleted record is gone everywhere, and restored as it was", async () => {
  const client = await SseClient.connect(server.url);
  await client.subscribe(["posts/*"]);
  const post = await createPost();
  const file = `/api/files/posts/${post.id}/${String(post["file"])}`;
  const stored = join(server.dir, "storage", String(post["collectionId"]), post.id, String(post["file"]));
  expect((await send("DELETE", `posts/records/${post.id}`)).status).toBe(404);
  expect((await send("DELETE", `posts/records/${post.id}`, ann.token)).status).toBe(204);

  expect((await send("GET", `posts/records/${post.id}`, superuser.token)).status).toBe(404);
  expect((await send("GET", "posts/records")).body.totalItems).toBe(0);
  expect((await send("GET", "posts/records?search=whale")).body.totalItems).toBe(0);
  expect((await request(server.url, "GET", file)).status).toBe(404);
  expect(existsSync(stored)).toBe(true);

  expect((await send("POST", `posts/records/${post.id}/restore`)).status).toBe(404);
  const restored = await send("POST", `posts/records/${post.id}/restore`, superuser.token);
  expect({ status: restored.status, body: restored.body }).toEqual({ status: 200, body: post as never });
  expect((await send("GET", `posts/records/${post.id}`, superuser.token)).body).toEqual(post as never);
  expect((await send("GET", "posts/records?search=whale")).body.totalItems).toBe(1);
  expect((await request(server.url, "GET", file)).text).toBe("content");
  expect((await send("POST", `posts/records/${post.id}/restore`, superuser.token)).status).toBe(404);
  await client.inbox.until((events) => events.length >= 3);
  const seen = client.events.map(({ data }) => (JSON.parse(data) as { action: string }).action);
  expect(seen).toEqual(["create", "delete", "create"]);
  client.close();
  await superuser.request("DELETE", `/api/collections/posts/records/${post.id}`);
});

test("the trash is listed under its rule", async () => {
  const [mine, other] = [await createPost({ title: "mine" }), await createPost({ title: "other", owner: "x" })];
  await send("DELETE", `posts/records/${mine.id}`, ann.token);
  await send("DELETE", `posts/records/${other.id}`, superuser.token);
  const titles = async (query: string, token?: string) =>
    (await send("GET", `posts/trash?${query}`, token)).body.items.map((item) => item["title"]);
  expect(await titles("perPage=2", superuser.token)).toEqual(["other", "mine"]);
  expect(await titles("filter=title='mine'", superuser.token)).toEqual(["mine"]);
  expect(await titles("sort=title&filter=n=1.5%26%26on=true%26%26labels:length=2&perPage=2", superuser.token)).toEqual([
    "a whale",
    "mine",
  ]);
  expect(await titles("")).toEqual([]);
  expect(await titles("", ann.token)).toEqual(["mine", "a whale"]);
  expect((await send("GET", "posts/trash?filter=secret='s'", ann.token)).status).toBe(400);
  const [shown] = (await send("GET", "posts/trash", superuser.token)).body.items;
  expect(shown).toMatchObject({ title: "other", secret: "s", "@deletedBy": { kind: "account" } });
  const [own] = (await send("GET", "posts/trash", ann.token)).body.items;
  expect(Object.keys(own!)).not.toContain("secret");
  expect(Object.keys(own!)).not.toContain("@deletedBy");
  expect(own!["@deleted"]).toBeString();
  expect((await send("GET", "likes/trash", superuser.token)).status).toBe(404);
  expect((await send("GET", "remarks/trash", ann.token)).status).toBe(403);
});

test("what a delete led to comes back with the record, where it was kept", async () => {
  const post = await createPost();
  const refers = { text: "x", post: post.id };
  for (const name of ["remarks", "likes", "links"]) await superuser.create(name, refers);
  const [alone] = [await superuser.create("remarks", { ...refers, text: "alone" })];
  await send("DELETE", `remarks/records/${alone.id}`, superuser.token);
  await send("DELETE", `posts/records/${post.id}`, superuser.token);
  const texts = async (name: string) =>
    (await send("GET", `${name}/records`)).body.items.map((item) => `${String(item["text"])} ${String(item["post"])}`);
  expect([await texts("remarks"), await texts("likes"), await texts("links")]).toEqual([[], [], ["x "]]);
  const refused = await send("POST", `remarks/records/${alone.id}/restore`, superuser.token);
  expect(refused).toMatchObject({ status: 400, body: { data: { post: { code: "validation_missing_rel_records" } } } });
  await send("POST", `posts/records/${post.id}/restore`, superuser.token);
  expect([await texts("remarks"), await texts("likes"), await texts("links")]).toEqual([[`x ${post.id}`], [], ["x "]]);
  expect((await send("POST", `remarks/records/${alone.id}/restore`, superuser.token)).status).toBe(200);
});

test("a value that must be unique is free while its record is deleted", async () => {
  const post = await createPost({ slug: "one" });
  await send("DELETE", `posts/records/${post.id}`, superuser.token);
  const other = await createPost({ slug: "one" });
  const refused = await send("POST", `posts/records/${post.id}/restore`, superuser.token);
  expect(refused).toMatchObject({ status: 400, body: { data: { slug: { code: "validation_not_unique" } } } });
  await superuser.update("posts", other.id, { slug: "two" });
  expect((await send("POST", `posts/records/${post.id}/restore`, superuser.token)).status).toBe(200);
});

test("a purged record is gone for good, with its files", async () => {
  const post = await createPost();
  const stored = join(server.dir, "storage", String(post["collectionId"]), post.id, String(post["file"]));
  await send("DELETE", `posts/records/${post.id}`, superuser.token);
  expect((await send("DELETE", `posts/trash/${post.id}`, ann.token)).status).toBe(403);
  expect((await send("DELETE", `posts/trash/${post.id}`, superuser.token)).status).toBe(204);
  expect((await send("DELETE", `posts/trash/${post.id}`, superuser.token)).status).toBe(404);
  expect((await send("POST", `posts/records/${post.id}/restore`, superuser.token)).status).toBe(404);
  while (existsSync(stored)) await new Promise((resolve) => setImmediate(resolve));
});

test("an account comes back with its password, and without its old tokens", async () => {
  await superuser.updateCollection("users", { softDelete: true });
  const bob = await superuser.createUser("bob");
  await send("DELETE", `users/records/${bob.id}`, superuser.token);
  expect((await send("POST", "users/auth-refresh", bob.token)).status).toBe(401);
  expect((await send("POST", `users/records/${bob.id}/restore`, superuser.token)).status).toBe(200);
  expect((await send("POST", "users/auth-refresh", bob.token)).status).toBe(401);
  expect((await signIn(server.url, "users", "bob@example.com", "1234567890")).record.id).toBe(bob.id);
});

test("the trash follows changes of the collection, outlives restarts, and keeps files from sweeps", async () => {
  const post = await createPost({ title: "kept" });
  await send("DELETE", `posts/records/${post.id}`, superuser.token);
  const { fields } = (await send("GET", "posts", superuser.token)).body as unknown as { fields: { name: string }[] };
  await superuser.updateCollection("posts", {
    fields: fields.map((field) => (field.name === "title" ? { ...field, name: "heading" } : field)),
  });
  await server.stop();
  server = await startServer({ dir: server.dir });
  superuser = superuser.at(server.url);
  const { status, body } = await send("POST", `posts/records/${post.id}/restore`, superuser.token);
  expect({ status, body }).toMatchObject({ status: 200, body: { heading: "kept", secret: "s" } });
  const file = `/api/files/posts/${post.id}/${String(post["file"])}`;
  expect((await request(server.url, "GET", file)).text).toBe("content");
  expect((await superuser.request("DELETE", "/api/collections/posts/truncate")).status).toBe(204);
  expect((await send("GET", "posts/trash?filter=heading='kept'", superuser.token)).body.totalItems).toBe(1);
});

test.each([
  ["posts", { softDelete: { days: -1 } }],
  ["posts", { softDelete: { days: 1.5 } }],
  ["posts", { softDelete: { trashRule: "nope = 1" } }],
  ["posts", { softDelete: "yes" }],
  ["_superusers", { softDelete: true }],
  ["posts", { history: { keep: -1 } }],
  ["_otps", { history: true }],
])("%s: the option %p is refused", async (name, body) => {
  expect((await send("PATCH", name, superuser.token, body)).status).toBe(400);
});
