import { expect, test } from "bun:test";
import { CollectionFixture, refusal } from "../../testing/collection-fixture.ts";

const fixture = await CollectionFixture.open();
const names = async () => (await fixture.schema()).collections.map(({ name }) => name);

test("a collection that others refer to can't be deleted, and the error names them", async () => {
  const target = await fixture.create({ name: "target" });
  await fixture.create({ name: "source", fields: [{ name: "r", type: "relation", collectionId: target.id }] });
  const { message } = await refusal(fixture.delete("target"));
  expect(message).toBe("Failed to delete collection probably due to existing reference in source.");
  await fixture.delete("source");
  await fixture.delete("target");
  expect(await names()).not.toContain("target");
  expect(await fixture.sql("SELECT name FROM sqlite_master WHERE name = 'target'")).toEqual([]);
});

test("a collection that a view reads can't be deleted", async () => {
  await fixture.create({ name: "ground" });
  await fixture.create({ name: "over", type: "view", viewQuery: "SELECT id FROM ground" });
  expect((await refusal(fixture.delete("ground"))).message).toBe("Failed to delete collection.");
  expect(await names()).toContain("ground");
  await fixture.delete("over");
  await fixture.delete("ground");
  expect(await fixture.sql("SELECT name FROM sqlite_master WHERE name IN ('over', 'ground')")).toEqual([]);
});

test("a system collection can't be deleted", async () => {
  expect((await refusal(fixture.delete("_superusers"))).status).toBe(400);
});

test("the sign-in data of its records is deleted too, and logged without secrets", async () => {
  const { id } = await fixture.create({ name: "members", type: "auth" });
  await fixture.sql(
    `INSERT INTO _otps (id, collectionRef, recordRef, password) VALUES ('gone', '${id}', 'r', '$2a$hash'), ('kept', 'other', 'r', 'x')`,
  );
  await fixture.delete("members");
  expect(await fixture.sql("SELECT id FROM _otps")).toEqual([{ id: "kept" }]);
  const [change] = await fixture.sql("SELECT action, before FROM _changes WHERE record = 'gone'");
  expect(change?.action).toBe("delete");
  const values = Object.values(JSON.parse(String(change?.before)) as object);
  expect(values).toEqual(expect.arrayContaining(["gone", id, "r"]));
  expect(String(change?.before)).not.toContain("hash");
});

test("the log forgets its records, and still says how far back it goes", async () => {
  await fixture.create({ name: "first", type: "base" });
  await fixture.create({ name: "second", type: "base" });
  const id = (name: string): Promise<unknown> =>
    fixture.sql(`SELECT id FROM _collections WHERE name = '${name}'`).then(([row]) => row?.["id"]);
  const ids = [await id("first"), await id("second")];
  await fixture.sql("DELETE FROM _changes");
  for (const [record, collection] of [
    ["a", ids[0]],
    ["b", ids[1]],
    ["c", ids[0]],
  ] as const) {
    await fixture.sql(
      `INSERT INTO _changes (time, collection, record, action, before, form) VALUES (1, '${String(collection)}', '${record}', 'delete', '{"x":"text"}', 1)`,
    );
  }
  await fixture.delete("first");
  const log = await fixture.sql("SELECT record, before FROM _changes WHERE form < 2 ORDER BY seq");
  expect(log).toEqual([
    { record: "", before: null },
    { record: "b", before: '{"x":"text"}' },
  ]);
});
