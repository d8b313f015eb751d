import { expect, test } from "bun:test";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { text } from "../collections/fields.ts";

const notes = defineCollection("notes", {
  fields: { title: text(), secret: text({ hidden: true }) },
  listRule: "",
  viewRule: "",
  updateRule: "",
  search: { fields: ["title"], weights: { title: 2 } },
  softDelete: { trashRule: "", restoreRule: "" },
  history: { historyRule: "" },
});
const { app } = await openLibraryApp({ collections: [notes] });
const records = app.records(notes);

test("the application searches, restores, and reads what was changed", async () => {
  const { id } = await records.create({ title: "one fish", secret: "s" });
  await records.update(id, { title: "two fish" });
  await records.delete(id);
  expect(await refusal(records.get(id))).toMatchObject({ status: 404 });
  expect((await records.restore(id)).title).toBe("two fish");
  expect(await refusal(records.restore(id))).toMatchObject({ status: 404 });
  const history = await records.history(id);
  expect(history.map(({ version, action, by }) => [version, action, by.kind])).toEqual([
    [4, "restore", "app"],
    [3, "delete", "app"],
    [2, "update", "app"],
    [1, "create", "app"],
  ]);
  expect(history[2]!.changes).toEqual({ title: { old: "one fish", new: "two fish" } });
  await app.transaction(async (tx) => {
    await tx.records(notes).delete(id);
    await tx.records(notes).restore(id);
  });
});
