import { expect, test } from "bun:test";
import { loadSchema } from "../../collections/model/registry.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { dependsOnTime } from "./depends-on-time.ts";

const { store } = await RecordFixture.open([
  { name: "posts", type: "base", fields: [{ name: "at", type: "date" }] },
  { name: "recent", type: "view", viewQuery: "SELECT id FROM posts WHERE at > strftime('%Y-%m-%d', 'now')" },
]);

const schema = await loadSchema(store);

test.each([
  ['SELECT count(*) FROM "posts" WHERE "posts"."at" > ?', false],
  ['SELECT count(*) FROM "posts" WHERE "posts"."at" > strftime(?)', true],
  ['SELECT count(*) FROM "recent"', true],
  ['SELECT count(*) FROM "posts" LEFT JOIN "recent" AS "recent#1" ON TRUE', true],
])("whether the rows of %s change without a write: %p", (text, depends) => {
  expect(dependsOnTime(schema, text)).toBe(depends);
});
