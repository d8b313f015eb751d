import { expect, test } from "bun:test";
import { parseSubscription, type Subscription } from "@headwater/protocol";
import { GUEST, type Principal } from "../rules/principal.ts";
import { RecordFixture } from "../testing/record-fixture.ts";
import { subscriptionRefusal } from "./subscription-refusal.ts";

const fixture = await RecordFixture.open([
  {
    name: "notes",
    type: "base",
    listRule: "@request.auth.id != '' || title = 'public'",
    viewRule: "@request.auth.id != ''",
    fields: [
      { name: "title", type: "text" },
      { name: "secret", type: "text", hidden: true },
    ],
  },
  { name: "closed", type: "base", listRule: null, viewRule: null, fields: [] },
  { name: "broken", type: "base", fields: [] },
  {
    name: "found",
    type: "base",
    listRule: "",
    fields: [{ name: "title", type: "text" }],
    search: { fields: ["title"] },
  },
]);
await fixture.setRule("broken", "listRule", "removed = 1");
const superuser = fixture.superuser();

const to = (topic: string, filter = ""): Subscription =>
  parseSubscription(`${topic}?options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`);
const refusal = (subscription: Subscription, principal: Principal) =>
  subscriptionRefusal(fixture.context().schema, fixture.files, subscription, principal);

test.each<[string, ReturnType<typeof refusal>, ReturnType<typeof refusal>]>([
  ["notes/*", undefined, undefined],
  ["notes/abc", "forbidden", undefined],
  ["closed/*", "forbidden", undefined],
  ["broken/*", "forbidden", undefined],
  ["unknown/*", "forbidden", "forbidden"],
  ["*", "forbidden", undefined],
])("%s: a guest %p, a superuser %p", (topic, guest, forSuperuser) => {
  expect(refusal(to(topic), GUEST)).toBe(guest);
  expect(refusal(to(topic), superuser)).toBe(forSuperuser);
});

test.each<[string, ReturnType<typeof refusal>, ReturnType<typeof refusal>]>([
  ["title = 'a'", undefined, undefined],
  ["title =", "bad_filter", "bad_filter"],
  ["missing = 1", "bad_filter", "bad_filter"],
  ["@request.auth.id != ''", "bad_filter", undefined],
])("the filter %p: a guest %p, a superuser %p", (filter, guest, forSuperuser) => {
  expect(refusal(to("notes/*", filter), GUEST)).toBe(guest);
  expect(refusal(to("notes/*", filter), superuser)).toBe(forSuperuser);
});

test("a hidden field and a missing one are refused alike", () => {
  expect(refusal(to("notes/*", "secret = 's'"), GUEST)).toBe(refusal(to("notes/*", "missing = 's'"), GUEST));
});

test("a search needs an index, and so one collection", () => {
  const search = (topic: string): Subscription =>
    parseSubscription(`${topic}?options=${encodeURIComponent(JSON.stringify({ query: { search: "x" } }))}`);
  expect(refusal(search("notes/*"), GUEST)).toBe("bad_search");
  expect(refusal(search("found/*"), GUEST)).toBeUndefined();
  expect(refusal(search("closed/*"), GUEST)).toBe("forbidden");
  expect(refusal(search("*"), superuser)).toBe("bad_search");
});

test("the topic of all records takes no filter", () => {
  expect(refusal(to("*", "id != ''"), superuser)).toBe("bad_filter");
});
