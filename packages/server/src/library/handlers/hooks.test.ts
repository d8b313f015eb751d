import { expect, test } from "bun:test";
import { badRequest, forbidden } from "../../lib/api-error.ts";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { play } from "../../testing/scenario.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { invalid } from "../errors.ts";
import { json, number, relation, select, text } from "../collections/fields.ts";

const posts = defineCollection("posts", {
  fields: {
    title: text({ required: true }),
    slug: text(),
    count: number(),
    tags: select(["a", "b"], { max: 2 }),
    meta: json(),
    secret: text({ hidden: true }),
  },
  listRule: "",
  viewRule: "",
  createRule: 'slug != "forbidden"',
  updateRule: "",
  deleteRule: "",
});
const comments = defineCollection("comments", {
  fields: { post: relation(posts, { cascadeDelete: true }), line: text() },
});
const logs = defineCollection("logs", { fields: { line: text() } });

const open = () => openLibraryApp({ collections: [posts, comments, logs] });
type Opened = Awaited<ReturnType<typeof open>>;

const request = async (url: string, method: string, path: string, body?: unknown) => {
  const response = await play(url, { method, path: `/api/collections/posts/records${path}`, body });
  return { status: response.status, body: await response.json().catch(() => undefined) };
};

const linesOf = async ({ app }: Opened): Promise<string[]> =>
  (await app.records(logs).list({ sort: "@rowid" })).items.map(({ line }) => line);

test("a before hook changes the submitted values of clients and of code", async () => {
  const { app } = await open();
  const seen: unknown[] = [];
  app.before("create", posts, async ({ values, caller, action, collection }) => {
    seen.push([action, collection, caller.kind, values.title]);
    await Bun.sleep(0);
    values.slug = values.title?.toLowerCase();
  });
  const { url } = app.start();
  expect((await request(url, "POST", "", { title: "Over HTTP" })).body).toMatchObject({ slug: "over http" });
  expect((await app.records(posts).create({ title: "By Code" })).slug).toBe("by code");
  expect(seen).toEqual([
    ["create", "posts", "guest", "Over HTTP"],
    ["create", "posts", "app", "By Code"],
  ]);
});

test("hooks see normalized values; values that they don't change stay as they were sent", async () => {
  const { app } = await open();
  let seen: unknown;
  app.before("create", posts, ({ values }) => {
    seen = { ...values };
  });
  app.before("update", posts, ({ values }) => void (seen = { ...values }));
  const { url } = app.start();
  const sent = { title: 12, tags: "a", meta: '"[1]"', "count+": 2, other: { x: 1 } };
  const made = await request(url, "POST", "", sent);
  expect(seen).toEqual({ title: "12", tags: ["a"], meta: "[1]", "count+": 2, other: { x: 1 } });
  // If it were parsed twice, the text "[1]" would become a list.
  expect(made.body).toMatchObject({ title: "12", tags: ["a"], meta: "[1]", count: 2 });
  const { id } = made.body as { id: string };
  await Promise.all(Array.from({ length: 5 }, () => request(url, "PATCH", `/${id}`, { "count+": 1 })));
  expect((await app.records(posts).get(id)).count).toBe(7);
});

test("rules and validation see the values as the hooks leave them", async () => {
  const { app } = await open();
  app.before("create", posts, ({ values }) => {
    if (values.slug === "empty") values.title = "";
    else values.slug = "forbidden";
  });
  const { url } = app.start();
  expect((await request(url, "POST", "", { title: "A" })).status).toBe(400);
  expect((await request(url, "POST", "", { title: "A", slug: "empty" })).body).toMatchObject({
    data: { title: { code: "validation_required" } },
  });
  expect((await app.records(posts).create({ title: "A" })).slug).toBe("forbidden");
});

test("a refusal by a hook reaches the client in PocketBase's shape, and nothing is written", async () => {
  const { app } = await open();
  app.before("create", posts, ({ values }) => {
    if (values.title === "field") throw invalid({ title: "Is taken." });
    if (values.title === "mine") throw forbidden("Not you.");
    if (values.title === "broken") throw new Error("a secret");
  });
  app.before("delete", posts, ({ record }) => {
    throw badRequest(`${record.title} stays.`);
  });
  const { url } = app.start();
  expect(await request(url, "POST", "", { title: "field" })).toMatchObject({
    status: 400,
    body: { status: 400, data: { title: { code: "validation_invalid_value", message: "Is taken." } } },
  });
  expect(await request(url, "POST", "", { title: "mine" })).toEqual({
    status: 403,
    body: { data: {}, message: "Not you.", status: 403 },
  });
  const broken = await request(url, "POST", "", { title: "broken" });
  expect(broken.status).toBe(500);
  expect(JSON.stringify(broken.body)).not.toContain("secret");
  const { id } = await app.records(posts).create({ title: "A" });
  expect(await request(url, "DELETE", `/${id}`)).toMatchObject({ status: 400, body: { message: "A stays." } });
  expect((await app.records(posts).list()).totalItems).toBe(1);
});

test("hooks of updates and deletes see the stored record, and don't run if it is missing", async () => {
  const { app } = await open();
  const seen: string[] = [];
  app.before("update", posts, ({ record, values }) => {
    seen.push(`${record.title} to ${values.title}, ${record.secret}`);
    values.slug = "by hook";
  });
  app.before("delete", posts, ({ record }) => void seen.push(`${record.title} goes`));
  const { url } = app.start();
  const { id } = await app.records(posts).create({ title: "A", secret: "s" });
  expect((await request(url, "PATCH", `/${id}`, { title: "B" })).body).toMatchObject({ title: "B", slug: "by hook" });
  expect((await request(url, "PATCH", "/missing", { title: "C" })).status).toBe(404);
  expect((await request(url, "DELETE", "/missing")).status).toBe(404);
  await app.records(posts).delete(id);
  expect(seen).toEqual(["A to B, s", "B goes"]);
});

test("a within hook writes in the same transaction, and can roll it back", async () => {
  const opened = await open();
  const { app } = opened;
  app.within("create", posts, async ({ record, tx }) => {
    await tx.records(logs).create({ line: `made ${record.title}` });
    if (record.title === "B") throw forbidden("No B.");
  });
  app.within("update", posts, async ({ record, previous, tx }) => {
    await tx.records(logs).create({ line: `${previous.title} to ${record.title}` });
  });
  const { url } = app.start();
  const { id } = (await request(url, "POST", "", { title: "A" })).body as { id: string };
  expect((await request(url, "POST", "", { title: "B" })).status).toBe(403);
  await request(url, "PATCH", `/${id}`, { title: "C" });
  expect(await linesOf(opened)).toEqual(["made A", "A to C"]);
});

test("within hooks run for records that a delete cascades to", async () => {
  const opened = await open();
  const { app } = opened;
  app.within(
    "delete",
    comments,
    ({ tx }) =>
      void tx
        .records(logs)
        .create({ line: "never awaited" })
        .catch(() => {}),
  );
  app.within("delete", "*", async ({ record, collection, tx }) => {
    await tx.records(logs).create({ line: `${collection} ${String(record["line"] ?? record["title"])}` });
  });
  const post = await app.records(posts).create({ title: "A" });
  for (const line of ["1", "2"]) await app.records(comments).create({ post: post.id, line });
  await app.records(posts).delete(post.id);
  const lines = await linesOf(opened);
  expect(lines.filter((line) => line !== "never awaited")).toEqual(["comments 1", "comments 2", "posts A"]);
});

test("a within hook that awaits anything but its tx fails, and blocks no other write", async () => {
  const opened = await open();
  const { app } = opened;
  app.within("create", posts, async ({ record }) => {
    if (record.title === "sleeps") await Bun.sleep(1);
    if (record.title === "hangs") await new Promise(() => {});
    if (record.title === "outside") await app.records(logs).create({ line: "outside" });
  });
  const { url } = app.start();
  const stuck = ["sleeps", "hangs", "outside"].map((title) => request(url, "POST", "", { title }));
  const fine = request(url, "POST", "", { title: "fine" });
  expect((await Promise.all(stuck)).map(({ status }) => status)).toEqual([500, 500, 500]);
  expect((await fine).status).toBe(200);
  expect(await linesOf(opened)).toEqual([]);
  expect((await app.records(posts).list()).items.map(({ title }) => title)).toEqual(["fine"]);
  const messages = opened.log.filter(({ msg }) => msg === "request failed").map(({ err }) => (err as Error).message);
  expect(messages).toEqual(
    expect.arrayContaining([expect.stringContaining("the within hook of create in posts awaited")]),
  );
});

test("in a transaction a before hook may await nothing but its records", async () => {
  const opened = await open();
  const { app } = opened;
  app.before("create", posts, async ({ values, records }) => {
    await records(logs).create({ line: `before ${values.title}` });
    if (values.title === "sleeps") await Bun.sleep(1);
  });
  await app.transaction((tx) => tx.records(posts).create({ title: "fine" }));
  const slow = app.transaction((tx) => tx.records(posts).create({ title: "sleeps" }));
  expect(String(await refusal(slow))).toContain("the before hook of create in posts awaited");
  await app.records(posts).create({ title: "sleeps" });
  const prepared = await app.records(posts).prepare({ title: "sleeps" });
  await app.transaction((tx) => tx.records(posts).create(prepared));
  expect(await linesOf(opened)).toEqual(["before fine", "before sleeps", "before sleeps"]);
});

test("writes in hooks run hooks, up to a maximum depth", async () => {
  const opened = await open();
  const { app, logged } = opened;
  app.before("create", posts, async ({ values }) => {
    const depth = values.count ?? 0;
    if (values.title === "before") await app.records(posts).create({ title: "before", count: depth + 1 });
    if (values.title === "thrice" && depth < 3) await app.records(posts).create({ title: "thrice", count: depth + 1 });
  });
  app.within("create", posts, async ({ record, tx }) => {
    if (record.title === "within") await tx.records(posts).create({ title: "within", count: record.count + 1 });
  });
  app.after("create", posts, async ({ record }) => {
    if (record.title === "after") await app.records(posts).create({ title: "after", count: record.count + 1 });
  });
  const titled = async (title: string) => (await app.records(posts).list({ filter: `title = '${title}'` })).totalItems;

  await app.records(posts).create({ title: "thrice" });
  expect(await titled("thrice")).toBe(4);
  for (const title of ["before", "within"]) {
    const error = await refusal(app.records(posts).create({ title }));
    expect(String(error)).toContain("Hooks have triggered each other 10 times");
    expect(await titled(title)).toBe(0);
  }
  await app.records(posts).create({ title: "after" });
  expect(await logged("an after hook failed")).toMatchObject({
    err: { message: expect.stringContaining("Hooks have triggered each other 10 times") },
  });
  expect(await titled("after")).toBe(10);
});

test("a hook for all collections does not run for system collections", async () => {
  const { app } = await open();
  const seen: string[] = [];
  app.before("create", "*", ({ collection }) => void seen.push(collection));
  app.before("create", "_superusers", ({ collection }) => void seen.push(`by name: ${collection}`));
  await app.records("_superusers").create({ email: "a@example.com", password: "1234567890" });
  await app.records(logs).create({ line: "a" });
  expect(seen).toEqual(["by name: _superusers", "logs"]);
});

test("a hook for a collection that does not exist logs a warning", async () => {
  const { app, log } = await open();
  app.after("create", "postz", () => {});
  expect(log).toContainEqual(expect.objectContaining({ level: 40, collection: "postz" }));
});
