import { describe, expect, test } from "bun:test";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { conditionOf, excludesRequester, interpretRule } from "./interpret-rule.ts";

const fixture = await RecordFixture.open([
  {
    name: "notes",
    type: "base",
    fields: [
      { name: "title", type: "text" },
      { name: "secret", type: "text", hidden: true },
    ],
  },
]);
const notes = fixture.collection("notes");
const guest = fixture.context();
const superuser = fixture.context({ as: fixture.superuser() });

describe("a rule matches", () => {
  test.each<[string | null, "every" | "none" | "condition"]>([
    [null, "none"],
    ["", "every"],
    ["title = 'a'", "condition"],
    ["removed = 1", "none"],
    ["title =", "none"],
  ])("%p: %p", (rule, expected) => {
    const meaning = interpretRule(guest, notes, rule);
    expect(typeof meaning === "string" ? meaning : "condition").toBe(expected);
    expect(conditionOf(guest, notes, rule) !== undefined).toBe(expected === "condition");
  });

  test("no record if it is a client's filter on a hidden field", () => {
    expect(interpretRule(guest, notes, "secret = 's'", "client")).toBe("none");
    expect(interpretRule(guest, notes, "secret = 's'")).not.toBe("none");
  });
});

test.each<[string | null, boolean, boolean]>([
  [null, true, true],
  ["", false, false],
  ["removed = 1", true, true],
  ["title = 'a'", false, false],
  ["@request.auth.id != ''", true, false],
  ["@request.auth.id != '' && title = 'a'", true, false],
  ["@request.auth.id != '' || title = 'a'", false, false],
])("%p excludes a guest: %p, a signed-in user: %p", (rule, excludesGuest, excludesUser) => {
  expect(excludesRequester(guest, notes, rule)).toBe(excludesGuest);
  expect(excludesRequester(superuser, notes, rule)).toBe(excludesUser);
});
