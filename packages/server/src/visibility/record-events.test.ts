import { describe, expect, test } from "bun:test";
import { parseSubscription, type RecordEvent, recordId } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import { RecordFixture } from "../testing/record-fixture.ts";
import { RecordEvents } from "./record-events.ts";

const fixture = await RecordFixture.open([
  {
    name: "teams",
    type: "base",
    viewRule: "",
    fields: [{ name: "name", type: "text" }],
  },
  {
    name: "tasks",
    type: "base",
    listRule: "@request.auth.id != '' && (owner = @request.auth.id || open = true)",
    viewRule: "",
    createRule: "",
    updateRule: "",
    deleteRule: "",
    fields: [
      { name: "title", type: "text" },
      { name: "open", type: "bool" },
      { name: "owner", type: "text" },
      { name: "secret", type: "text", hidden: true },
      { name: "team", type: "relation", collectionId: "teams", maxSelect: 1 },
    ],
  },
  { name: "private", type: "base", listRule: null, viewRule: null, fields: [] },
]);
const events = new RecordEvents({
  reader: fixture.store,
  schema: () => fixture.context().schema,
  files: fixture.files,
});

const account = async (name: string): Promise<Principal> => {
  const { body } = await fixture.create("users", {
    as: fixture.superuser(),
    body: { email: `${name}@example.com`, password: "1234567890", passwordConfirm: "1234567890", name },
  });
  return fixture.principal("users", body.id);
};
const ann = await account("ann");
const bob = await account("bob");
const idOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.values.id);

const named = (topic: string, query: Record<string, string> = {}): ReturnType<typeof parseSubscription> =>
  parseSubscription(`${topic}?options=${encodeURIComponent(JSON.stringify({ query }))}`);

async function eventFor(
  change: Change,
  principal: Principal,
  subscription = named("tasks/*"),
): Promise<RecordEvent | undefined> {
  const event = await events.eventFor(change, subscription, principal, "live");
  return typeof event === "object" ? (JSON.parse(event.data) as RecordEvent) : undefined;
}

const changesOf = (work: () => Promise<unknown>): Promise<Change[]> => fixture.changesOf(work);

describe("the rule is evaluated on the record as it was at the change", () => {
  test("each update is evaluated on its own values, whatever was written later", async () => {
    const { body } = await fixture.create("tasks", { body: { title: "t", owner: idOf(ann) } });
    const changes = await changesOf(async () => {
      await fixture.update("tasks", body.id, { body: { owner: idOf(bob) } });
      await fixture.update("tasks", body.id, { body: { open: true } });
      await fixture.update("tasks", body.id, { body: { open: false } });
    });
    const received = await Promise.all(
      changes.map(async (change) => [await eventFor(change, ann), await eventFor(change, bob)]),
    );
    expect(received.map(([a, b]) => [a !== undefined, b !== undefined])).toEqual([
      [false, true],
      [true, true],
      [false, true],
    ]);
  });

  test("a deletion goes to listeners that could see the record, with its last values", async () => {
    const { body } = await fixture.create("tasks", { body: { title: "going", owner: idOf(ann) } });
    const [change] = await changesOf(() => fixture.remove("tasks", body.id, { as: fixture.superuser() }));
    expect(await eventFor(change!, ann)).toEqual({ record: body, action: "delete" });
    expect(await eventFor(change!, bob)).toBeUndefined();
    expect(await eventFor(change!, GUEST)).toBeUndefined();
  });

  test("only superusers receive changes of a collection for superusers", async () => {
    const [change] = await changesOf(() => fixture.create("private", { as: fixture.superuser() }));
    expect(await eventFor(change!, ann, named("private/*"))).toBeUndefined();
    expect(await eventFor(change!, fixture.superuser(), named("private/*"))).toMatchObject({ action: "create" });
  });

  test("a topic of all records has the list rule, a topic of one record the view rule", async () => {
    const [change] = await changesOf(() => fixture.create("tasks", { body: { title: "x" } }));
    expect(await eventFor(change!, GUEST)).toBeUndefined();
    expect(await eventFor(change!, GUEST, named(`tasks/${change!.record}`))).toMatchObject({ action: "create" });
  });
});

describe("options", () => {
  test("a filter narrows the events, and can't read hidden fields", async () => {
    const [change] = await changesOf(() =>
      fixture.create("tasks", { body: { title: "urgent", open: true, secret: "s" } }),
    );
    const filtered = (filter: string): Promise<RecordEvent | undefined> =>
      eventFor(change!, ann, named("tasks/*", { filter }));
    expect(await filtered("title = 'urgent'")).toBeDefined();
    expect(await filtered("title = 'calm'")).toBeUndefined();
    expect(await filtered("secret = 's'")).toBeUndefined();
    expect(await filtered("@request.auth.id != ''")).toBeUndefined();
    expect(await filtered("no filter at all")).toBeUndefined();
  });

  test("`fields` picks from the record; unreadable `fields` pick everything", async () => {
    const [change] = await changesOf(() => fixture.create("tasks", { body: { title: "pick", open: true } }));
    expect((await eventFor(change!, ann, named("tasks/*", { fields: "title" })))?.record).toEqual({ title: "pick" });
    expect((await eventFor(change!, ann, named("tasks/*", { fields: "title:nonsense(" })))?.record).toMatchObject({
      title: "pick",
      open: true,
    });
  });

  test("relations are expanded, and only superusers get hidden fields", async () => {
    const team = await fixture.create("teams", { as: fixture.superuser(), body: { name: "blue" } });
    const [change] = await changesOf(() =>
      fixture.create("tasks", { as: fixture.superuser(), body: { open: true, team: team.body.id, secret: "s" } }),
    );
    const options = named("tasks/*", { expand: "team" });
    const forAnn = (await eventFor(change!, ann, options))?.record;
    expect(forAnn).toMatchObject({ expand: { team: { name: "blue" } } });
    expect(forAnn).not.toHaveProperty("secret");
    expect((await eventFor(change!, fixture.superuser(), options))?.record).toMatchObject({ secret: "s" });
  });
});

describe("a listener with transitions", () => {
  const live = (transitions: string, query = {}): ReturnType<typeof parseSubscription> =>
    named("tasks/*", { transitions, ...query });
  const actions = async (
    changes: readonly Change[],
    principal: Principal,
    subscription: ReturnType<typeof parseSubscription>,
  ): Promise<(string | undefined)[]> =>
    Promise.all(changes.map(async (change) => (await eventFor(change, principal, subscription))?.action));

  test("gets an event when a record becomes visible or hidden, with the actions it chose", async () => {
    const changes = await changesOf(async () => {
      const { body } = await fixture.create("tasks", { body: { title: "t", owner: idOf(bob) } });
      await fixture.update("tasks", body.id, { body: { owner: idOf(ann) } });
      await fixture.update("tasks", body.id, { body: { title: "u" } });
      await fixture.update("tasks", body.id, { body: { owner: idOf(bob) } });
      await fixture.update("tasks", body.id, { body: { title: "v" } });
      await fixture.remove("tasks", body.id, { as: fixture.superuser() });
    });
    expect(await actions(changes, ann, live("enter-leave"))).toEqual([
      undefined,
      "enter",
      "update",
      "leave",
      undefined,
      undefined,
    ]);
    expect(await actions(changes, bob, live("create-delete"))).toEqual([
      "create",
      "delete",
      undefined,
      "create",
      "update",
      "delete",
    ]);
    expect(await actions(changes, ann, named("tasks/*"))).toEqual([
      undefined,
      "update",
      "update",
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("gets only the id of a record that becomes hidden", async () => {
    const { body } = await fixture.create("tasks", { body: { title: "seen", owner: idOf(ann) } });
    const [change] = await changesOf(() =>
      fixture.update("tasks", body.id, { body: { title: "unseen", owner: idOf(bob) } }),
    );
    const { id: collectionId, name: collectionName } = fixture.collection("tasks");
    expect(await eventFor(change!, ann, live("enter-leave"))).toEqual({
      action: "leave",
      record: { id: body.id, collectionId, collectionName },
    });
  });

  test("gets events for its filter too", async () => {
    const changes = await changesOf(async () => {
      const { body } = await fixture.create("tasks", { body: { title: "low", open: true } });
      await fixture.update("tasks", body.id, { body: { title: "high" } });
      await fixture.update("tasks", body.id, { body: { title: "low" } });
    });
    const filtered = live("enter-leave", { filter: "title = 'high'" });
    expect(await actions(changes, ann, filtered)).toEqual([undefined, "enter", "leave"]);
  });

  test("an unknown value of `transitions` has no effect", async () => {
    const [change] = await changesOf(() => fixture.create("tasks", { body: { open: true } }));
    expect(await actions([change!], ann, live("toString"))).toEqual(["create"]);
  });
});

describe("audiences", () => {
  test("listeners with equal keys get the same bytes for every change", async () => {
    const principals = [GUEST, ann, bob, fixture.superuser()];
    const subscriptions = [
      named("tasks/*"),
      named("tasks/*", { filter: "open = true" }),
      named("tasks/*", { filter: "team.name = 'blue'" }),
      named("tasks/*", { expand: "team" }),
      named("users/*"),
      named(`users/${idOf(ann)}`),
      named("private/*"),
      named("nowhere/*"),
    ];
    const changes = await changesOf(async () => {
      const { body } = await fixture.create("tasks", { body: { open: true, owner: idOf(ann) } });
      await fixture.update("tasks", body.id, { body: { open: false } });
      await fixture.update("users", idOf(ann), { as: ann, body: { name: "Ann" } });
      await fixture.update("users", idOf(ann), { as: fixture.superuser(), body: { emailVisibility: true } });
      await fixture.create("private", { as: fixture.superuser() });
    });
    expect(changes.length).toBeGreaterThan(4);
    for (const subscription of subscriptions) {
      for (const change of changes) {
        if (!events.topicsOf(change).includes(subscription.topic)) continue;
        const received = new Map<string, string | undefined>();
        for (const principal of principals) {
          const { key, routeBy } = events.audienceOf(subscription, principal)!;
          // A new object each time, so that nothing encoded for one listener is reused for the next.
          const event = await events.eventFor({ ...change }, subscription, principal, "live");
          if (typeof event === "string") throw new Error("a live event is always known");
          const data = event?.data;
          const values = await events.routingValues(change, subscription, principal);
          if (routeBy && !values.includes(routeBy.value)) expect(data).toBeUndefined();
          if (received.has(key)) expect(data).toBe(received.get(key));
          received.set(key, data);
        }
      }
    }
  });

  test("users are one audience if the rule doesn't read the principal", async () => {
    const subscription = named(`tasks/${recordId("x")}`);
    const keyOf = (of: typeof subscription, principal: Principal): string => events.audienceOf(of, principal)!.key;
    expect(keyOf(subscription, ann)).toBe(keyOf(subscription, bob));
    expect(keyOf(subscription, ann)).not.toBe(keyOf(subscription, fixture.superuser()));
    expect(keyOf(named("tasks/*"), ann)).not.toBe(keyOf(named("tasks/*"), bob));
  });
});

test.each<[string, string, string | undefined]>([
  ["the owner's rule", "owner = @request.auth.id", "owner"],
  ["an equality among others", "open = true && (title != '' && @request.auth.id = owner)", "owner"],
  ["a filter's room", "title = 'blue' && open = true", "title"],
  ["an alternative", "owner = @request.auth.id || open = true", undefined],
  ["a text in another case", "owner:lower = @request.auth.id", undefined],
  ["an inequality", "owner != @request.auth.id", undefined],
  ["a number", "title = 5", undefined],
  ["an empty text", "owner = ''", undefined],
  ["a field that accounts don't have", "owner = @request.auth.nothing", undefined],
])("listeners are routed by the record's value if it is certain: %s", (_name, filter, field) => {
  // Only a superuser's filter may read the requester.
  const principal = fixture.superuser();
  const { routeBy } = events.audienceOf(named("tasks/*", { filter }), principal)!;
  const value = field === "owner" ? idOf(principal) : "blue";
  expect(routeBy).toEqual(field === undefined ? undefined : { field, value });
});

describe("topics", () => {
  test("a change appears under the collection's name and id, for all records and for the one", async () => {
    const [change] = await changesOf(() => fixture.create("tasks", { body: {} }));
    const { id } = fixture.collection("tasks");
    expect(events.topicsOf(change!)).toEqual([
      "tasks/*",
      `tasks/${change!.record}`,
      "tasks",
      `${id}/*`,
      `${id}/${change!.record}`,
      id,
      "*",
    ]);
  });
});
