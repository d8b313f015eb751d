import { expect, test } from "bun:test";
import { play } from "../../testing/scenario.ts";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { guest } from "./caller.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { autodate, date, file, number, relation, select, text } from "../collections/fields.ts";
import { filter } from "./filter.ts";
import { versionOf } from "./version-of.ts";

const users = defineCollection("users", { type: "auth", fields: { name: text() } });
const posts = defineCollection("posts", {
  fields: {
    title: text({ required: true }),
    author: relation(users),
    tags: select(["red", "green"], { max: 2 }),
    count: number(),
    due: date(),
    images: file({ max: 3 }),
    note: text({ hidden: true }),
    created: autodate(),
  },
  listRule: "",
  viewRule: "author = @request.auth.id",
  createRule: '@request.auth.id != "" && author = @request.auth.id',
  updateRule: "author = @request.auth.id",
});
const { app } = await openLibraryApp({ collections: [users, posts] });
const { url } = app.start();

const account = (email: string) => app.records(users).create({ email, password: "1234567890", name: email });

test("validation applies to the application, rules don't", async () => {
  const post = await app.records(posts).create({ title: "A", tags: ["red"], note: "mine" });
  expect(post).toMatchObject({ collectionName: "posts", title: "A", tags: ["red"], count: 0, note: "mine" });
  expect(await app.records(posts).get(post.id)).toEqual(post);
  expect(await refusal(app.records(posts).create({ title: "" }))).toMatchObject({
    status: 400,
    message: "Failed to create record.",
    data: { title: { code: "validation_required" } },
  });
});

test("as a caller, the same rules apply as over HTTP", async () => {
  const ann = await account("ann@example.com");
  const bob = await account("bob@example.com");
  const own = app.records(posts).as(ann);
  const post = await own.create({ title: "Ann's", author: ann.id, note: "hidden" });
  expect(post).not.toHaveProperty("note");
  expect(await refusal(own.create({ title: "Not hers", author: bob.id }))).toMatchObject({ status: 400 });
  expect(await refusal(app.records(posts).as(bob).update(post.id, { title: "B" }))).toMatchObject({ status: 404 });
  expect(await refusal(app.records(posts).as(bob).delete(post.id))).toMatchObject({ status: 403 });
  expect(await refusal(app.records(posts).as(guest).get(post.id))).toMatchObject({ status: 404 });
  expect((await own.update(post.id, { title: "New" })).title).toBe("New");
  expect(
    (
      await app
        .records(posts)
        .as(guest)
        .list({ filter: filter`id = ${post.id}` })
    ).items,
  ).toHaveLength(1);
});

test("a deleted account can do nothing", async () => {
  const gone = await account("gone@example.com");
  await app.records(users).delete(gone.id);
  expect(await refusal(app.records(posts).as(gone).list())).toMatchObject({ status: 401 });
});

test("an account signs in with the password it was created with", async () => {
  await account("sam@example.com");
  const body = { identity: "sam@example.com", password: "1234567890" };
  const response = await play(url, { method: "POST", path: "/api/collections/users/auth-with-password", body });
  expect(response.status).toBe(200);
});

test("a list is sorted, filtered, counted and expanded", async () => {
  const eve = await account("eve@example.com");
  for (const title of ["L1", "L3", "L2"]) await app.records(posts).create({ title, author: eve.id });
  const page = await app
    .records(posts)
    .list({ filter: filter`author = ${eve.id}`, sort: "-title", perPage: 2, expand: "author" });
  expect(page).toMatchObject({ page: 1, perPage: 2, totalItems: 3, totalPages: 2 });
  expect(page.items.map(({ title }) => title)).toEqual(["L3", "L2"]);
  expect(page.items[0]?.expand?.author?.name).toBe("eve@example.com");
  expect((await app.records(posts).first("title = 'L2'"))?.author).toBe(eve.id);
  expect(await app.records(posts).first("title = 'nope'")).toBeUndefined();
});

test("a quoted value can't change the filter, whatever it contains", async () => {
  for (const title of ["it's", 'say "a"', "back\\", "\\' || 1=1 || '", "a\nb", "%"]) {
    await app.records(posts).create({ title });
    const { items } = await app.records(posts).list({ filter: filter`title = ${title}` });
    expect(items.map((item) => item.title)).toEqual([title]);
  }
  expect(() => filter`count > ${Number.NaN}`).toThrow(RangeError);
});

test("modifiers, dates and files work as over HTTP", async () => {
  const records = app.records(posts);
  const due = new Date("2026-01-02T03:04:05.678Z");
  const made = await records.create({ title: "F", due, images: [new File(["one"], "one.txt")] });
  expect(made.due).toBe("2026-01-02 03:04:05.678Z");
  const more = await records.update(made.id, {
    "images+": new File(["two"], "two.txt"),
    "count+": 2,
    "tags+": "green",
  });
  expect(more).toMatchObject({ count: 2, tags: ["green"] });
  expect(more.images).toEqual([made.images[0]!, expect.stringMatching(/^two_\w+\.txt$/)]);
  const response = await fetch(`${url}/api/files/posts/${made.id}/${more.images[1]}`);
  expect(await response.text()).toBe("two");
  const kept = await records.update(made.id, { images: [more.images[1]!, new File(["three"], "three.txt")] });
  expect(kept.images).toEqual([more.images[1]!, expect.stringMatching(/^three_/)]);
});

test("a collection that is not defined in code is used by its name", async () => {
  const { id } = await app.records("users").create({ email: "any@example.com", password: "1234567890" });
  expect((await app.records("USERS").get(id))["email"]).toBe("any@example.com");
  await app.records("users").delete(id);
  expect(await refusal(app.records("users").get(id))).toMatchObject({ status: 404 });
  expect(await refusal(app.records("nope").list())).toMatchObject({ status: 404 });
});

test("a write happens only to the version that it names", async () => {
  const { id } = await app.records(posts).create({ title: "versioned" });
  const [first, second] = await Promise.all([1, 2].map(() => app.records(posts).get(id, { withVersion: true })));
  const ifMatch = versionOf(first!);
  expect(versionOf(second!)).toBe(ifMatch);
  const written = await app.records(posts).update(id, { count: 1 }, { ifMatch, withVersion: true });
  expect(versionOf(written)).not.toBe(ifMatch);
  const conflict = { status: 412, data: { version: { code: "record_changed" } } };
  expect(await refusal(app.records(posts).update(id, { count: 2 }, { ifMatch }))).toMatchObject(conflict);
  const inTransaction = app.transaction((tx) => tx.records(posts).delete(id, { ifMatch }));
  expect(await refusal(inTransaction)).toMatchObject(conflict);
  expect(await app.records(posts).get(id)).toMatchObject({ count: 1 });
  await app.records(posts).delete(id, { ifMatch: versionOf(written) });
});

test("values are computed over the records that the caller may list", async () => {
  const author = await account("aggregates@example.com");
  for (const count of [1, 2, 4]) await app.records(posts).create({ title: "sum", author: author.id, count });
  const options = { select: ["count", "total:sum(count)"], groupBy: "author", filter: filter`title = ${"sum"}` };
  expect(
    await app
      .records(posts)
      .as(guest)
      .aggregate({ ...options, having: "total > 6" }),
  ).toMatchObject({
    totalItems: 1,
    items: [{ author: author.id, count: 3, total: 7 }],
  });
  expect(await refusal(app.records(posts).as(guest).aggregate({ groupBy: "note" }))).toMatchObject({ status: 400 });
});
