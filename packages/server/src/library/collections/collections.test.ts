import { expect, test } from "bun:test";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import type { AnyCollection } from "./define-collection.ts";
import { defineCollection } from "./define-collection.ts";
import { bool, number, relation, select, text } from "./fields.ts";
import { createApp } from "../create-app.ts";

/** Opens an app with these collections on a folder, and reads its posts. */
async function opened(dir: string, collections: readonly AnyCollection[], prune = false) {
  const { app } = await openLibraryApp({ dir, collections, prune });
  const made = (await app.records("posts").list({ sort: "title" })).items;
  return { app, made };
}

const first = defineCollection("posts", {
  fields: { title: text({ required: true }), rating: number(), tags: select(["a", "b"], { max: 2 }) },
  listRule: "",
  indexes: ["CREATE UNIQUE INDEX idx_posts_title ON posts (title)"],
});

async function filled(): Promise<string> {
  const dir = testDir();
  const { app } = await opened(dir, [first]);
  await app.records(first).create({ title: "A", rating: 4, tags: ["a", "b"] });
  await app.stop();
  return dir;
}

test("collections can relate to each other and to themselves", async () => {
  const a = defineCollection("aas", { fields: { b: relation("bees"), self: relation("aas") } });
  const b = defineCollection("bees", { fields: { a: relation("aas", { max: 5 }) } });
  const { app } = await openLibraryApp({ collections: [a, b] });
  const bee = await app.records(b).create({});
  const one = await app.records(a).create({ b: bee.id });
  await app.records(a).update(one.id, { self: one.id });
  expect((await app.records(a).get(one.id, { expand: "b,self" })).expand).toMatchObject({
    b: { id: bee.id },
    self: { id: one.id },
  });
});

test("a collection that is as declared stays untouched", async () => {
  const dir = await filled();
  const { app } = await opened(dir, [first]);
  const changes = new Promise<string>((resolve) =>
    app.after("create", "posts", ({ record }) => resolve(String(record["title"]))),
  );
  await app.records(first).create({ title: "B" });
  expect(await changes).toBe("B");
  await app.stop();
});

test("a changed declaration keeps every value", async () => {
  const dir = await filled();
  const second = defineCollection("posts", {
    fields: { title: text({ required: true, max: 10 }), open: bool() },
    viewRule: "open = true",
  });
  const { app, made } = await opened(dir, [second]);
  // Fields that are no longer declared stay, with their values.
  expect(made).toMatchObject([{ title: "A", open: false, rating: 4, tags: ["a", "b"] }]);
  expect(await refusal(app.records(second).create({ title: "longer than ten" }))).toMatchObject({ status: 400 });
  const { url } = app.start();
  expect((await fetch(`${url}/api/collections/posts/records`)).status).toBe(403);
  await app.stop();
});

test("a change that would drop values is refused without prune", async () => {
  const dir = await filled();
  const retyped = defineCollection("posts", { fields: { title: text(), rating: text(), tags: select(["a", "b"]) } });
  const refused = await refusal(createApp({ dir, collections: [retyped], logLevel: "silent" }));
  expect(refused).toMatchObject({ name: "UserError" });
  expect(String(refused)).toContain('"posts.rating" is a number field, but is declared as text.');
  expect(String(refused)).toContain('"posts.tags" holds many values');

  const { app, made } = await opened(dir, [retyped], true);
  expect(made).toMatchObject([{ title: "A", rating: "", tags: "" }]);
  await app.stop();
});

test("with prune, fields that are not declared are deleted, but no other collections", async () => {
  const dir = await filled();
  const { app, made } = await opened(dir, [defineCollection("posts", { fields: { title: text() } })], true);
  expect(made).toEqual([expect.objectContaining({ title: "A" })]);
  expect(made[0]).not.toHaveProperty("rating");
  expect((await app.records("users").list()).totalItems).toBe(0);
  await app.stop();
});

test("an auth collection keeps the fields of every auth collection", async () => {
  const users = defineCollection("users", { type: "auth", fields: { nick: text() }, authRule: "verified = true" });
  const { app } = await openLibraryApp({ collections: [users], prune: true });
  const user = await app.records(users).create({ email: "a@example.com", password: "1234567890", nick: "A" });
  expect(user).toMatchObject({ nick: "A", verified: false });
  expect(user).not.toHaveProperty("avatar");
});

test("a view has the rows of its query", async () => {
  const titles = defineCollection("titles", {
    type: "view",
    viewQuery: "SELECT id, title FROM posts",
    fields: { title: text() },
    listRule: "",
  });
  const { app } = await openLibraryApp({ collections: [first, titles] });
  await app.records(first).create({ title: "A" });
  expect((await app.records(titles).list()).items.map(({ title }) => title)).toEqual(["A"]);
});

test("an invalid declaration is refused with the reason", async () => {
  const failure = async (collection: AnyCollection) =>
    String(await refusal(createApp({ dir: testDir(), collections: [collection], logLevel: "silent" })));
  expect(await failure(defineCollection("posts", { fields: { a: relation("nope") } }))).toContain('"nope"');
  expect(await failure(defineCollection("posts", { fields: {}, listRule: "nope = 1" }))).toContain("listRule");
  expect(await failure(defineCollection("users", { fields: {} }))).toContain("has the type auth");
});
