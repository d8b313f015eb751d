import { expect, test } from "bun:test";
import { parseSubscription } from "@headwater/protocol";
import type { Change } from "../../log/change.ts";
import { GUEST, type Principal } from "../../rules/principal.ts";
import type { Reader, ClientReader } from "../../store/store.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { RecordEvents } from "../../visibility/record-events.ts";

const fixture = await RecordFixture.open([
  { name: "teams", type: "base", fields: [{ name: "name", type: "text" }] },
  {
    name: "notes",
    type: "base",
    fields: [
      { name: "title", type: "text" },
      { name: "team", type: "relation", collectionId: "teams", maxSelect: 1 },
    ],
  },
  { name: "shares", type: "base", fields: [{ name: "note", type: "relation", collectionId: "notes", maxSelect: 1 }] },
]);
await fixture.addFields("teams", [
  { name: "members", type: "relation", collectionId: "users", maxSelect: 99 },
  { name: "lead", type: "relation", collectionId: "users", maxSelect: 1 },
]);
await fixture.addFields("shares", [{ name: "with", type: "relation", collectionId: "users", maxSelect: 1 }]);
const as = fixture.superuser();
const all = parseSubscription("notes/*");

async function account(name: string): Promise<Principal> {
  const body = { email: `${name}@example.com`, password: "1234567890", passwordConfirm: "1234567890" };
  return fixture.principal("users", (await fixture.create("users", { as, body })).body.id);
}
const idOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.values.id);
const [ann, bob, cyd] = [await account("ann"), await account("bob"), await account("cyd")];
const both = (await fixture.create("teams", { as, body: { members: [idOf(ann), idOf(bob)], lead: idOf(ann) } })).body
  .id;
const alone = (await fixture.create("teams", { as, body: { members: [idOf(cyd)], lead: idOf(bob) } })).body.id;

/** Counts the statements. */
function eventsOn(reader: ClientReader = fixture.store): { events: RecordEvents; statements: () => number } {
  let statements = 0;
  const counting = (inner: Reader): Reader => ({
    all: (statement) => ((statements += 1), inner.all(statement)),
    first: (statement) => ((statements += 1), inner.first(statement)),
  });
  const counted: ClientReader = {
    ...counting(reader),
    read: (work) => reader.read((inner) => work(counting(inner))),
    for: () => counted,
  };
  const { files } = fixture;
  const events = new RecordEvents({ reader: counted, schema: () => fixture.context().schema, files });
  return { events, statements: () => statements };
}

const seenBy = async (events: RecordEvents, change: Change, principal: Principal): Promise<boolean> =>
  (await events.eventFor(change, all, principal, "live")) !== undefined;

test.each([
  ["team.members.id ?= @request.auth.id", "team.members.id"],
  ["team.members.id = @request.auth.id", "team.members.id"],
  ["@request.auth.id = team.lead", "team.lead"],
  ["title = 'b' && team.members.id ?= @request.auth.id", "title"],
  ["title != 'b' && team.members.id ?= @request.auth.id", "team.members.id"],
  ["shares_via_note.with ?= @request.auth.id", "shares_via_note.with"],
])("under %s listeners that are found by the routing value get the result that the rule gives", async (rule, path) => {
  await fixture.setRule("notes", "listRule", rule);
  const changes = await fixture.changesOf(async () => {
    const { body: note } = await fixture.create("notes", { as, body: { title: "a", team: both } });
    await fixture.create("shares", { as, body: { note: note.id, with: idOf(cyd) } });
    await fixture.update("notes", note.id, { as, body: { title: "b" } });
    await fixture.update("notes", note.id, { as, body: { team: alone } });
    await fixture.update("notes", note.id, { as, body: { team: "" } });
    await fixture.remove("notes", note.id, { as });
  });
  const notes = changes.filter(({ collection }) => collection === fixture.collection("notes").id);
  expect(notes).toHaveLength(5);
  let seen = 0;
  for (const change of notes) {
    const [{ events }, { events: unrouted }] = [eventsOn(), eventsOn()];
    for (const principal of [ann, bob, cyd]) {
      const { routeBy } = events.audienceOf(all, principal)!;
      expect(routeBy?.field.split(".")).toHaveLength(path.split(".").length);
      const isRouted = (await events.routingValues(change, all, principal)).includes(routeBy!.value);
      const isVisible = await seenBy(unrouted, change, principal);
      if (!isRouted) expect(isVisible).toBe(false);
      else expect(await seenBy(events, change, principal)).toBe(isVisible);
      seen += Number(isVisible);
    }
  }
  expect(seen).toBeGreaterThan(0);
});

test("a change takes two statements, however many listeners have a rule with a join", async () => {
  await fixture.setRule("notes", "listRule", "team.members.id ?= @request.auth.id");
  const [change] = await fixture.changesOf(() => fixture.create("notes", { as, body: { team: both } }));
  const { events, statements } = eventsOn();
  const visible = [];
  for (const principal of [ann, bob, cyd]) {
    await events.routingValues(change!, all, principal);
    visible.push(await seenBy(events, change!, principal));
  }
  expect(visible).toEqual([true, true, false]);
  expect(statements()).toBe(2);
});

test("a user who joins a team after the change does not receive it", async () => {
  await fixture.setRule("notes", "listRule", "team.members.id ?= @request.auth.id");
  const changes = await fixture.changesOf(async () => {
    await fixture.create("notes", { as, body: { team: alone } });
    await fixture.update("teams", alone, { as, body: { members: [idOf(ann)] } });
  });
  const { events } = eventsOn();
  expect(await events.routingValues(changes[0]!, all, ann)).toEqual([idOf(cyd)]);
  expect(await seenBy(events, changes[0]!, ann)).toBe(false);
  expect(await seenBy(events, changes[0]!, cyd)).toBe(true);
});

test("a guest has no routing value", () => {
  expect(eventsOn().events.audienceOf(all, GUEST)!.routeBy).toBeUndefined();
});
