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

async function heard(
  change: Change,
  principal: Principal,
  subscription = named("tasks/*"),
): Promise<RecordEvent | undefined> {
  const telling = await events.eventFor(change, subscription, principal, "live");
  return telling && (JSON.parse(telling.data) as RecordEvent);
}

const changesOf = (work: () => Promise<unknown>): Promise<Change[]> => fixture.changesOf(work);

describe("the rule judges the record as it was at the change", () => {
  test("each update is judged by what it made of the record, whatever came later", async () => {
    const { body } = await fixture.create("tasks", { body: { title: "t", owner: idOf(ann) } });
    const changes = await changesOf(async () => {
      await fixture.update("tasks", body.id, { body: { owner: idOf(bob) } });
      await fixture.update("tasks", body.id, { body: { open: true } });
      await fixture.update("tasks", body.id, { body: { open: false } });
    });
    const seen = await Promise.all(changes.map(async (change) => [await heard(change, ann), await heard(change, bob)]));
    expect(seen.map(([a, b]) => [a !== undefined, b !== undefined])).toEqual([
      [false, true],
      [true, true],
      [false, true],
    ]);
  });

  test("a deletion is told to those who saw the record last, with all of it", async () => {
    const { body } = await fixture.create("tasks", { body: { title: "going", owner: idOf(ann) } });
    const [change] = await changesOf(() => fixture.remove("tasks", body.id, { as: fixture.superuser() }));
    expect(await heard(change!, ann)).toEqual({ record: body, action: "delete" });
    expect(await heard(change!, bob)).toBeUndefined();
    expect(await heard(change!, GUEST)).toBeUndefined();
  });

  test("a record of a collection for superusers alone reaches nobody else", async () => {
    const [change] = await changesOf(() => fixture.create("private", { as: fixture.superuser() }));
    expect(await heard(change!, ann, named("private/*"))).toBeUndefined();
    expect(await heard(change!, fixture.superuser(), named("private/*"))).toMatchObject({ action: "create" });
  });

  test("the topic decides the rule: a list for all, a view for one", async () => {
    const [change] = await changesOf(() => fixture.create("tasks", { body: { title: "x" } }));
    expect(await heard(change!, GUEST)).toBeUndefined();
    expect(await heard(change!, GUEST, named(`tasks/${change!.record}`))).toMatchObject({ action: "create" });
  });
});

describe("options", () => {
  test("a filter narrows, and can't be used to read what no rule shows", async () => {
    const [change] = await changesOf(() =>
      fixture.create("tasks", { body: { title: "urgent", open: true, secret: "s" } }),
    );
    const filtered = (filter: string): Promise<RecordEvent | undefined> =>
      heard(change!, ann, named("tasks/*", { filter }));
    expect(await filtered("title = 'urgent'")).toBeDefined();
    expect(await filtered("title = 'calm'")).toBeUndefined();
    expect(await filtered("secret = 's'")).toBeUndefined();
    expect(await filtered("@request.auth.id != ''")).toBeUndefined();
    expect(await filtered("no filter at all")).toBeUndefined();
  });

  test("fields pick from the record, and a picker that can't be read picks all", async () => {
    const [change] = await changesOf(() => fixture.create("tasks", { body: { title: "pick", open: true } }));
    expect((await heard(change!, ann, named("tasks/*", { fields: "title" })))?.record).toEqual({ title: "pick" });
    expect((await heard(change!, ann, named("tasks/*", { fields: "title:nonsense(" })))?.record).toMatchObject({
      title: "pick",
      open: true,
    });
  });

  test("relations are expanded, hidden fields are for superusers", async () => {
    const team = await fixture.create("teams", { as: fixture.superuser(), body: { name: "blue" } });
    const [change] = await changesOf(() =>
      fixture.create("tasks", { as: fixture.superuser(), body: { open: true, team: team.body.id, secret: "s" } }),
    );
    const options = named("tasks/*", { expand: "team" });
    const forAnn = (await heard(change!, ann, options))?.record;
    expect(forAnn).toMatchObject({ expand: { team: { name: "blue" } } });
    expect(forAnn).not.toHaveProperty("secret");
    expect((await heard(change!, fixture.superuser(), options))?.record).toMatchObject({ secret: "s" });
  });
});

describe("who wants to know what becomes visible, and what does not any more", () => {
  const live = (transitions: string, query = {}): ReturnType<typeof parseSubscription> =>
    named("tasks/*", { transitions, ...query });
  const actions = async (
    changes: readonly Change[],
    principal: Principal,
    subscription: ReturnType<typeof parseSubscription>,
  ): Promise<(string | undefined)[]> =>
    Promise.all(changes.map(async (change) => (await heard(change, principal, subscription))?.action));

  test("is told of a record that enters and leaves its sight, by names of its choice", async () => {
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

  test("of a record that leaves hears nothing but which one it is", async () => {
    const { body } = await fixture.create("tasks", { body: { title: "seen", owner: idOf(ann) } });
    const [change] = await changesOf(() =>
      fixture.update("tasks", body.id, { body: { title: "unseen", owner: idOf(bob) } }),
    );
    const { id: collectionId, name: collectionName } = fixture.collection("tasks");
    expect(await heard(change!, ann, live("enter-leave"))).toEqual({
      action: "leave",
      record: { id: body.id, collectionId, collectionName },
    });
  });

  test("is told so of its filter too", async () => {
    const changes = await changesOf(async () => {
      const { body } = await fixture.create("tasks", { body: { title: "low", open: true } });
      await fixture.update("tasks", body.id, { body: { title: "high" } });
      await fixture.update("tasks", body.id, { body: { title: "low" } });
    });
    const filtered = live("enter-leave", { filter: "title = 'high'" });
    expect(await actions(changes, ann, filtered)).toEqual([undefined, "enter", "leave"]);
  });

  test("a word that is none of the ways is no wish", async () => {
    const [change] = await changesOf(() => fixture.create("tasks", { body: { open: true } }));
    expect(await actions([change!], ann, live("toString"))).toEqual(["create"]);
  });
});

describe("audiences", () => {
  test("listeners of one audience get the same, whoever they are and whatever changes", async () => {
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
        const answers = new Map<string, string | undefined>();
        for (const principal of principals) {
          const { key, routeBy } = events.audienceOf(subscription, principal)!;
          // Another object: nothing made for one listener may be handed to the next of another audience by mistake.
          const data = (await events.eventFor({ ...change }, subscription, principal, "live"))?.data;
          const held = await events.routingValues(change, subscription, principal);
          if (routeBy && !held.includes(routeBy.value)) expect(data).toBeUndefined();
          if (answers.has(key)) expect(data).toBe(answers.get(key));
          answers.set(key, data);
        }
      }
    }
  });

  test("where the rule reads nothing of the principal, all users are one audience", async () => {
    const subscription = named(`tasks/${recordId("x")}`);
    const keyOf = (asked: typeof subscription, principal: Principal): string =>
      events.audienceOf(asked, principal)!.key;
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
  ["what a guest has not", "owner = @request.auth.nothing", undefined],
])("who listens under %s is looked up by what the record holds where that is certain", (_name, filter, field) => {
  // A superuser's filter is read as a client's would be, but may name who asks.
  const principal = fixture.superuser();
  const { routeBy } = events.audienceOf(named("tasks/*", { filter }), principal)!;
  const value = field === "owner" ? idOf(principal) : "blue";
  expect(routeBy).toEqual(field === undefined ? undefined : { field, value });
});

describe("topics", () => {
  test("a change appears under the collection's name and id, for all records and for its own", async () => {
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
