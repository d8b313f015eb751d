import { expect, test } from "bun:test";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { assertWritable } from "./writable-collection.ts";

const fixture = await RecordFixture.open([
  { name: "posts", type: "base", fields: [] },
  { name: "staff", type: "auth", fields: [] },
  { name: "shown", type: "view", viewQuery: "SELECT id FROM posts" },
]);

test.each(["posts", "staff"])("%s is writable", (name) => {
  expect(() => assertWritable(fixture.collection(name))).not.toThrow();
});

test("a view is not writable", () => {
  expect(() => assertWritable(fixture.collection("shown"))).toThrow("Unsupported collection type.");
});
