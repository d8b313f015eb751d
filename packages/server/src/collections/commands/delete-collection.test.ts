import { expect, test } from "bun:test";
import { CollectionWorld, refusal } from "../../testing/collection-fixture.ts";

const world = await CollectionWorld.open();
const names = async () => (await world.schema()).collections.map(({ name }) => name);

test("what others refer to stays, and they are named", async () => {
  const target = await world.create({ name: "target" });
  await world.create({ name: "source", fields: [{ name: "r", type: "relation", collectionId: target.id }] });
  const { message } = await refusal(world.delete("target"));
  expect(message).toBe("Failed to delete collection probably due to existing reference in source.");
  await world.delete("source");
  await world.delete("target");
  expect(await names()).not.toContain("target");
  expect(await world.sql("SELECT name FROM sqlite_master WHERE name = 'target'")).toEqual([]);
});

test("what a view is made of stays", async () => {
  await world.create({ name: "ground" });
  await world.create({ name: "over", type: "view", viewQuery: "SELECT id FROM ground" });
  expect((await refusal(world.delete("ground"))).message).toBe("Failed to delete collection.");
  expect(await names()).toContain("ground");
  await world.delete("over");
  await world.delete("ground");
  expect(await world.sql("SELECT name FROM sqlite_master WHERE name IN ('over', 'ground')")).toEqual([]);
});

test("the system's collections stay", async () => {
  expect((await refusal(world.delete("_superusers"))).status).toBe(400);
});

test("what was kept about the logins of its records goes along, and the log says so without secrets", async () => {
  const { id } = await world.create({ name: "members", type: "auth" });
  await world.sql(
    `INSERT INTO _otps (id, collectionRef, recordRef, password) VALUES ('gone', '${id}', 'r', '$2a$hash'), ('kept', 'other', 'r', 'x')`,
  );
  await world.delete("members");
  expect(await world.sql("SELECT id FROM _otps")).toEqual([{ id: "kept" }]);
  const [change] = await world.sql("SELECT action, before FROM _changes WHERE record = 'gone'");
  expect(change?.action).toBe("delete");
  expect(JSON.parse(String(change?.before))).toMatchObject({ id: "gone", collectionRef: id, recordRef: "r" });
  expect(String(change?.before)).not.toContain("hash");
});
