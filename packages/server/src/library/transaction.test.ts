import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openLibraryApp, refusal } from "../testing/library-app.ts";
import { defineCollection } from "./define-collection.ts";
import { file, number, relation, text } from "./fields.ts";

const users = defineCollection("users", { type: "auth", fields: { photo: file() } });
const notes = defineCollection("notes", {
  fields: { line: text({ required: true }), count: number(), owner: relation(users) },
});
const { app } = await openLibraryApp({ collections: [users, notes] });

const lines = async (): Promise<string[]> =>
  (await app.records(notes).list({ sort: "line" })).items.map(({ line }) => line);

test("all is written, and what is read in it is what it wrote", async () => {
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

test("or nothing, and what it threw comes out", async () => {
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

test("an error that it catches undoes what failed alone", async () => {
  await app.transaction(async (tx) => {
    await tx.records(notes).create({ line: "kept" });
    await refusal(tx.records(notes).create({ line: "" }));
  });
  expect(await lines()).toContain("kept");
});

test("one that awaits something else fails at once, and holds up nobody", async () => {
  const never = app.transaction(async (tx) => {
    await tx.records(notes).create({ line: "strayed" });
    await new Promise(() => {});
  });
  const other = app.records(notes).create({ line: "other" });
  expect(await refusal(never)).toMatchObject({ message: expect.stringContaining("other than its transaction") });
  await other;
  expect(await lines()).not.toContain("strayed");
});

test("when it is over, it answers no more", async () => {
  const kept = await app.transaction(async (tx) => tx);
  expect(await refusal(kept.records(notes).create({ line: "late" }))).toMatchObject({
    message: expect.stringContaining("over"),
  });
});

test("what would wait for its own end is refused", async () => {
  const write = app.transaction(async () => app.records(notes).create({ line: "outside" }));
  expect(await refusal(write)).toMatchObject({ message: expect.stringContaining("write by its own records") });
  const inner = app.transaction(async () => app.transaction(async () => {}));
  expect(await refusal(inner)).toMatchObject({ message: expect.stringContaining("inside another one") });
});

test("passwords and files are prepared before it", async () => {
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

test("files that were prepared for one that is undone go with it", async () => {
  const prepared = await app
    .records(users)
    .prepare({ email: "b@example.com", password: "1234567890", photo: new File(["x"], "x.txt") });
  const undone = app.transaction(async (tx) => {
    await tx.records(users).create(prepared);
    throw new Error("undo");
  });
  await refusal(undone);
  const { collectionId } = (await app.records(users).first("email = 'a@example.com'"))!;
  expect(readdirSync(join(app.config.dir, "storage", collectionId))).toHaveLength(1);
});
