import { describe, expect, test } from "bun:test";
import { CollectionFixture, refusal } from "../../testing/collection-fixture.ts";
import { type RecordedCollection, recordedCollections } from "../recorded/read-recorded.ts";

const fixture = await CollectionFixture.open();

/** Replaces the random example in a message. */
const withoutExample = (body: object): unknown =>
  JSON.parse(JSON.stringify(body).replace(/ex\.: \\"\w+\\"/, "ex.: EXAMPLE"));

function run({ method, collection, body }: RecordedCollection): Promise<unknown> {
  if (method === "POST") return fixture.create(body);
  return method === "PATCH" ? fixture.update(collection, body) : fixture.delete(collection);
}

describe("an invalid collection is refused with PocketBase's message", () => {
  for (const item of recordedCollections()) {
    test(`${item.method} ${item.collection} ${JSON.stringify(item.body)}`, async () => {
      const error = await refusal(run(item));
      expect(withoutExample(error.toBody())).toEqual(item.answer);
    });
  }
});

test("a refused change leaves no trace", async () => {
  expect((await fixture.schema()).collections).toHaveLength(6);
  expect(await fixture.sql("SELECT name FROM sqlite_master WHERE name LIKE '%bad1%' OR name LIKE '_temp_%'")).toEqual(
    [],
  );
  expect(await fixture.sql("SELECT count(*) AS count FROM _changes")).toEqual([{ count: 0 }]);
});
