import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { file, number, relation, text } from "../collections/fields.ts";

const users = defineCollection("users", { type: "auth", fields: { photo: file() } });
const notes = defineCollection("notes", {
  fields: { line: text({ required: true }), count: number(), owner: relation(users) },
});
const badges = defineCollection("badges", { fields: { holder: relation(users, { required: true }) } });
const { app } = await openLibraryApp({ collections: [users, notes, badges] });

const lines = async (): Promise<string[]> =>
  (await app.records(notes).list({ sort: "line" })).items.map(({ line }) => line);

test("a transaction reads its own writes, and commits all of them", async () => {
  const { id, count } = await app.transaction(async (tx) => {
    const note = await tx.records(notes).create({ line: "all" });
    await tx.records(notes).update(note.id, { "count+": 2 });
    await tx.records(notes).update(note.id, { "count+": 3 });
    return tx.records(notes).get(note.id);
  });
  expect(count).toBe(5);
  await app.transaction((tx) => tx.records(notes).delete(id));
  expect(await lines()).not.toContain("all");
});

test("a transaction that throws writes nothing, and rethrows the error", async () => {
  const error = new Error("mine");
  const work = app.transaction(async (tx) => {
    await tx.records(notes).create({ line: "nothing" });
    throw error;
  });
  expect(await refusal(work)).toBe(error);
  const invalid = app.transaction(async (tx) => {
    await tx.records(notes).create({ line: "nothing" });
    await tx.records(notes).create({ line: "" });
  });
  expect(await refusal(invalid)).toMatchObject({ status: 400, data: { line: { code: "validation_required" } } });
  expect(await lines()).not.toContain("nothing");
});

test("a failed write is undone alone, and the other writes stay", async () => {
  app.within("create", notes, ({ record }) => {
    if (record.line === "refused") throw new Error("no");
  });
  const outcomes = await app.transaction((tx) =>
    Promise.allSettled(["one", "refused", "", "two"].map((line) => tx.records(notes).create({ line }))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(await lines()).toEqual(expect.arrayContaining(["one", "two"]));
  expect(await lines()).not.toContain("refused");
});

test("a transaction that awaits anything else fails at once, and blocks no other writer", async () => {
  const never = app.transaction(async (tx) => {
    await tx.records(notes).create({ line: "strayed" });
    await new Promise(() => {});
  });
  const other = app.records(notes).create({ line: "other" });
  expect(await refusal(never)).toMatchObject({ message: expect.stringContaining("other than its transaction") });
  await other;
  expect(await lines()).not.toContain("strayed");
});

test("a transaction that has ended refuses writes", async () => {
  const kept = await app.transaction(async (tx) => tx);
  expect(await refusal(kept.records(notes).create({ line: "late" }))).toMatchObject({
    message: expect.stringContaining("over"),
  });
});

test("a call that would wait for its own transaction is refused", async () => {
  const write = app.transaction(async () => app.records(notes).create({ line: "outside" }));
  expect(await refusal(write)).toMatchObject({ message: expect.stringContaining("the transaction's own records") });
  const inner = app.transaction(async () => app.transaction(async () => {}));
  expect(await refusal(inner)).toMatchObject({ message: expect.stringContaining("inside another one") });
});

test("passwords and files must be prepared before the transaction", async () => {
  const values = { email: "a@example.com", password: "1234567890", photo: new File(["x"], "x.txt") };
  const slow = app.transaction((tx) => tx.records(users).create(values));
  expect(await refusal(slow)).toMatchObject({ message: expect.stringContaining("prepare") });

  const prepared = await app.records(users).prepare(values);
  const user = await app.transaction(async (tx) => {
    const made = await tx.records(users).create(prepared);
    await tx.records(notes).create({ line: "owned", owner: made.id });
    return made;
  });
  expect(user.email).toBe("a@example.com");
  expect(readdirSync(join(app.config.dir, "storage", user.collectionId, user.id))).toContain(user.photo);
});

test("a rollback deletes the files that were prepared for it", async () => {
  const prepared = await app
    .records(users)
    .prepare({ email: "b@example.com", password: "1234567890", photo: new File(["x"], "x.txt") });
  const folder = join(app.config.dir, "storage", "_pb_users_auth_");
  const before = readdirSync(folder).filter((id) => id !== prepared.submission.id);
  expect(readdirSync(folder)).toHaveLength(before.length + 1);
  const undone = app.transaction(async (tx) => {
    await tx.records(users).create(prepared);
    throw new Error("undo");
  });
  await refusal(undone);
  expect(readdirSync(folder)).toEqual(before);
});

test("files stay if the delete of their record fails", async () => {
  const photo = new File(["x"], "x.txt");
  const user = await app.records(users).create({ email: "c@example.com", password: "1234567890", photo });
  await app.records(badges).create({ holder: user.id });
  await app.transaction(async (tx) => {
    expect(await refusal(tx.records(users).delete(user.id))).toMatchObject({ status: 400 });
  });
  // Files are removed in the background, and a stop waits for that.
  await app.stop();
  expect(existsSync(join(app.config.dir, "storage", user.collectionId, user.id, user.photo))).toBe(true);
});

test("a transaction may expand more relations than are read in one turn", async () => {
  const tags = defineCollection("tags", { fields: { label: text() } });
  const articles = defineCollection("articles", { fields: { tags: relation("tags", { max: 999 }) } });
  const { app: other } = await openLibraryApp({ collections: [tags, articles] });
  const ids: string[] = [];
  await other.transaction(async (tx) => {
    for (let i = 0; i < 600; i += 1) ids.push((await tx.records(tags).create({ label: `${i}` })).id);
    await tx.records(articles).create({ tags: ids });
  });
  const expanded = await other.transaction(async (tx) => tx.records(articles).list({ expand: "tags" }));
  expect(expanded.items[0]!.expand?.tags).toHaveLength(600);
});
