import { describe, expect, test } from "bun:test";
import { GLOBAL_SUBSCRIPTION, parseSubscription, type Subscription } from "@headwater/protocol";
import { GUEST, type Principal } from "../../rules/principal.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { unloggedBroadcast } from "./broadcast.ts";
import { ChannelEvents } from "./channel-events.ts";
import { Channels, ChannelSet } from "./channels.ts";

const fixture = await RecordFixture.open([
  { name: "notes", type: "base", listRule: "@request.auth.id != ''", fields: [{ name: "title", type: "text" }] },
  { name: "secrets", type: "base", listRule: null, fields: [] },
  { name: "members", type: "base", fields: [{ name: "user", type: "text" }] },
]);
const as = fixture.superuser();
const { body: account } = await fixture.create("users", {
  as,
  body: { email: "ann@example.com", password: "1234567890", passwordConfirm: "1234567890" },
});
const ann = await fixture.principal("users", account.id);

const set = new ChannelSet();
for (const [name, rule] of Object.entries({
  open: "",
  closed: null,
  users: "@request.auth.id != ''",
  "own:*": "id = 'own:' || @request.auth.email = 'ann@example.com'",
  members: "@request.auth.id != '' && @collection.members.user ?= @request.auth.id",
  timed: "@now > '2000-01-01'",
})) {
  set.declare(name, rule, fixture.context().schema);
}
const channels = new Channels("");
channels.replace([set]);
const events = new ChannelEvents({
  reader: fixture.store,
  schema: () => fixture.context().schema,
  files: fixture.files,
  channels,
});

const topic = (name: string): Subscription => parseSubscription(name);
const broadcast = (channel: string) => unloggedBroadcast({ channel, data: '{"n":1}' }, 1000);
const receives = async (channel: string, principal: Principal, subscription = topic(channel)): Promise<boolean> =>
  (await events.eventFor(broadcast(channel), subscription, principal)) !== undefined;

describe("a broadcast reaches", () => {
  test.each<[string, boolean, boolean, boolean]>([
    ["open", true, true, true],
    ["undeclared", true, true, true],
    ["closed", false, false, true],
    ["users", false, true, true],
    ["own:1", false, true, true],
    ["members", false, false, true],
    ["notes", false, true, true],
    ["secrets", false, false, true],
  ])("on %s a guest: %p, a user: %p, a superuser: %p", async (channel, guest, user, superuser) => {
    expect([await receives(channel, GUEST), await receives(channel, ann), await receives(channel, as)]).toEqual([
      guest,
      user,
      superuser,
    ]);
  });

  test("everyone, if it has no channel", async () => {
    expect(await events.eventFor(broadcast(""), GLOBAL_SUBSCRIPTION, GUEST)).toEqual({
      kind: "custom",
      source: "",
      time: 1000,
      data: '{"n":1}',
    });
  });
});

test("a rule that reads records is evaluated again for each broadcast", async () => {
  expect(await receives("members", ann)).toBe(false);
  const { body } = await fixture.create("members", { as, body: { user: account.id } });
  expect(await receives("members", ann)).toBe(true);
  await fixture.remove("members", body.id, { as });
  expect(await receives("members", ann)).toBe(false);
});

test("all listeners of a broadcast share one event", async () => {
  const change = broadcast("open");
  const first = await events.eventFor(change, topic("open"), GUEST);
  expect(await events.eventFor(change, topic("open"), ann)).toBe(first);
});

describe("audiences", () => {
  const keyOf = (name: string, principal: Principal): string | undefined =>
    events.audienceOf(topic(name), principal)?.key;

  test("listeners that a rule treats alike are one audience", () => {
    expect(keyOf("open", GUEST)).toBe(keyOf("open", ann));
    expect(keyOf("notes", ann)).toBe(keyOf("notes", as));
    expect(keyOf("own:1", ann)).not.toBe(keyOf("own:1", GUEST));
  });

  test("there is none for a principal that only a `null` rule meets", () => {
    expect(events.audienceOf(topic("closed"), ann)).toBeUndefined();
    expect(events.audienceOf(topic("secrets"), ann)).toBeUndefined();
    expect(events.audienceOf(topic("*"), ann)).toBeUndefined();
    expect(events.audienceOf(topic("*"), as)).toMatchObject({ topic: ":*" });
  });

  test("a rule that reads records or the time makes no cacheable audience", () => {
    const cacheable = ["open", "users", "members", "timed"].map(
      (name) => events.audienceOf(topic(name), ann)!.cacheable,
    );
    expect(cacheable).toEqual([true, true, false, false]);
  });

  test("a broadcast appears on its channel's topic and on that of all channels", () => {
    expect(events.topicsOf(broadcast("open"))).toEqual([":open", ":*"]);
    expect(events.topicsOf(broadcast(""))).toEqual([":"]);
  });
});

test.each<[string, boolean, boolean]>([
  ["open", false, false],
  ["closed", true, true],
  ["users", true, false],
  ["members", true, false],
  ["notes", true, false],
])("%s excludes a guest: %p, a user: %p, without reading records", (channel, guest, user) => {
  expect(events.isExcludedFrom(channel, topic(channel), GUEST)).toBe(guest);
  expect(events.isExcludedFrom(channel, topic(channel), ann)).toBe(user);
});

test("explains why a listener gets a broadcast or not", async () => {
  const explain = (channel: string, name: string, principal: Principal) =>
    events.explain(broadcast(channel), topic(name), principal);
  expect(await explain("open", "open", GUEST)).toBe("visible");
  expect(await explain("", "open", GUEST)).toBe("visible");
  expect(await explain("open", "users", GUEST)).toBe("other-topic");
  expect(await explain("users", "users", GUEST)).toBe("rule");
  expect(await explain("closed", "closed", ann)).toBe("superusers-only");
});
