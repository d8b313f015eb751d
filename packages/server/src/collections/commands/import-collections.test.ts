import { expect, test } from "bun:test";
import { CollectionFixture, refusal } from "../../testing/collection-fixture.ts";

const text = (name: string): object => ({ name, type: "text" });
const relation = (name: string, collectionId: string): object => ({ name, type: "relation", collectionId });

test("collections that refer to each other, and a view on one, may be in any order", async () => {
  const fixture = await CollectionFixture.open();
  await fixture.import({
    collections: [
      { name: "seen", type: "view", viewQuery: "SELECT id, a FROM one" },
      { name: "one", id: "one1", fields: [text("a"), relation("other", "two2")] },
      { name: "two", id: "two2", fields: [relation("back", "one1")] },
    ],
  });
  const schema = await fixture.schema();
  expect(schema.find("one1")?.name).toBe("one");
  expect(schema.find("seen")?.fields.map(({ name }) => name)).toEqual(["id", "a"]);
});

test("fields that are not submitted are kept, unless deleteMissing is set", async () => {
  const fixture = await CollectionFixture.open();
  const { id } = await fixture.create({ name: "posts", fields: [text("a"), text("b")] });
  await fixture.create({ name: "other" });
  await fixture.sql("INSERT INTO posts (id, a) VALUES ('x', 'kept')");
  await fixture.import({ collections: [{ id, fields: [{ ...text("a"), id: "another" }] }] });
  expect((await fixture.schema()).find(id)?.fields.map(({ name }) => name)).toEqual(["a", "id", "b"]);
  expect(await fixture.sql("SELECT a FROM posts")).toEqual([{ a: "kept" }]);

  await fixture.import({ collections: [{ name: "posts", fields: [text("b")] }], deleteMissing: true });
  const schema = await fixture.schema();
  expect(schema.find(id)?.fields.map(({ name }) => name)).toEqual(["b", "id"]);
  expect(schema.collections.filter(({ system }) => !system).map(({ name }) => name)).toEqual(["posts"]);
});

test("one invalid collection undoes the whole import", async () => {
  const fixture = await CollectionFixture.open();
  const collections = [{ name: "good" }, { name: "bad", listRule: "nope = 1" }];
  const { message, data } = await refusal(fixture.import({ collections }));
  expect(message).toBe("Failed to import collections.");
  expect(data.collections).toEqual({
    code: "validation_collections_import_failure",
    message: expect.stringContaining('Data validations failed for collection "bad"'),
  });
  expect((await fixture.schema()).find("good")).toBeUndefined();
});

test.each([
  [{ collections: [] }, "An error occurred while validating the submitted data."],
  [{ collections: "x" }, "An error occurred while loading the submitted data."],
])("%p is refused", async (body, message) => {
  const fixture = await CollectionFixture.open();
  expect((await refusal(fixture.import(body))).message).toBe(message);
});
