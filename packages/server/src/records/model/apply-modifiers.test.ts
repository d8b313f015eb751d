import { describe, expect, test } from "bun:test";
import { recordId } from "@headwater/protocol";
import * as fc from "fast-check";
import { toTexts } from "../../lib/text/coerce.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { blankRecord } from "./columns.ts";
import { applyModifiers } from "./apply-modifiers.ts";

const fixture = await RecordFixture.open([
  {
    name: "things",
    type: "base",
    fields: [
      { name: "n", type: "number" },
      { name: "many", type: "select", values: ["a", "b", "c", "d"], maxSelect: 4 },
      { name: "one", type: "select", values: ["a", "b", "c", "d"] },
      { name: "slug", type: "text", autogeneratePattern: "[0-9]{4}" },
      { name: "made", type: "autodate", onCreate: true },
    ],
  },
]);
const collection = fixture.collection("things");
const current = {
  ...blankRecord(collection),
  id: recordId("thing0000000000"),
  n: 1,
  many: ["a"],
  one: "a",
  made: "then",
};

describe("resolveBody", () => {
  test.each<[string, Readonly<Record<string, unknown>>, object]>([
    ["values are normalized", { n: "5", many: "b" }, { n: 5, many: ["b"] }],
    ["keys that name no field stay unchanged", { foo: { a: 1 }, "n*": 1 }, { foo: { a: 1 }, "n*": 1 }],
    ["modifier keys are removed", { "n+": 1 }, { n: 2 }],
    ["a modifier that the field kind lacks stays unchanged", { "slug+": "x", "+n": 1 }, { "slug+": "x", "+n": 1 }],
    ["clients can't set autodates", { made: "now" }, { made: "then" }],
    ["an id is a field too", { id: "x" }, { id: "x" }],
    ["names are case-sensitive", { N: 1 }, { N: 1 }],
  ])("%s", (_name, body, expected) => {
    expect<object>(applyModifiers(collection, current, body)).toEqual(expected);
  });

  test("`:autogenerate` appends generated text", () => {
    expect(applyModifiers(collection, current, { "slug:autogenerate": "s-" })).toEqual({
      slug: expect.stringMatching(/^s-[0-9]{4}$/),
    });
  });

  const letters = fc.array(fc.constantFrom("a", "b", "c", "d"));
  const body = fc.record(
    {
      n: fc.integer(),
      "n+": fc.integer(),
      "n-": fc.integer(),
      many: letters,
      "many+": letters,
      "many-": letters,
      "+many": letters,
    },
    { requiredKeys: [] },
  );

  test("no modifier remains, whatever the order of the keys", () => {
    fc.assert(
      fc.property(body, (sent) => {
        const resolved = applyModifiers(collection, current, sent);
        expect(Object.keys(resolved).every((key) => key === "n" || key === "many")).toBe(true);
        if ("n" in resolved) expect(resolved["n"]).toBe((sent.n ?? 1) + (sent["n+"] ?? 0) - (sent["n-"] ?? 0));
      }),
    );
  });

  test("removed values are gone, and a list has no duplicates", () => {
    fc.assert(
      fc.property(letters, letters, (added, removed) => {
        const many = toTexts(applyModifiers(collection, current, { "many+": added, "many-": removed })["many"]);
        expect(new Set<string>(removed).isDisjointFrom(new Set(many))).toBe(true);
        expect(many).toEqual([...new Set(many)]);
      }),
    );
  });

  test("a resolved body resolves to itself", () => {
    fc.assert(
      fc.property(body, (sent) => {
        const resolved = applyModifiers(collection, current, sent);
        expect(applyModifiers(collection, current, resolved)).toEqual(resolved);
      }),
    );
  });
});
