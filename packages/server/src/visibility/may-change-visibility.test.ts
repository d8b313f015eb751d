import { describe, expect, test } from "bun:test";
import { parseSubscription, recordId } from "@headwater/protocol";
import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import type { Change } from "../log/change.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import { RecordFixture } from "../testing/record-fixture.ts";
import { readListener } from "./listener.ts";
import { mayChangeVisibility } from "./may-change-visibility.ts";

const fixture = await RecordFixture.open([
  { name: "teams", type: "base", fields: [{ name: "open", type: "bool" }] },
  {
    name: "notes",
    type: "base",
    listRule: "team.open = true || owner = @request.auth.email",
    fields: [
      { name: "team", type: "relation", collectionId: "teams" },
      { name: "owner", type: "text" },
    ],
  },
  { name: "public", type: "base", listRule: "", viewRule: "", fields: [] },
]);
const as = fixture.superuser();

const add = async (name: string, body: object = {}): Promise<string> =>
  (await fixture.create(name, { as, body: { ...body } })).body.id;
const changeOf = async (work: () => Promise<unknown>): Promise<Change> => (await fixture.changesOf(work))[0]!;
const account = async (name: string): Promise<Principal> =>
  fixture.principal(
    "users",
    await add("users", { email: `${name}@example.com`, password: "1234567890", passwordConfirm: "1234567890" }),
  );
const idOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.values.id);
const ann = await account("ann");
const bob = await account("bob");

function mayChange(change: Change, principal: Principal, topic = "notes/*"): boolean {
  const listener = readListener(fixture.context().schema, fixture.files, parseSubscription(topic), principal);
  return mayChangeVisibility(change, listener!);
}

test("a change of a record that the rule reads may change what is visible", async () => {
  const team = await add("teams");
  const change = await changeOf(() => fixture.update("teams", team, { as, body: { open: true } }));
  expect([mayChange(change, ann), mayChange(change, GUEST)]).toEqual([true, true]);
  expect(mayChange(change, ann, "public/*")).toBe(false);
  // A superuser sees everything anyway.
  expect(mayChange(change, as)).toBe(false);
});

test("a change of a record of the topic itself shows and hides no other record", async () => {
  const change = await changeOf(() => add("notes", { owner: "a" }));
  expect(mayChange(change, ann)).toBe(false);
});

describe("a change of the listener's own account", () => {
  test("may change what is visible if the rule reads the changed field", async () => {
    const change = await changeOf(() => fixture.update("users", idOf(ann), { as, body: { email: "new@example.com" } }));
    expect([mayChange(change, ann), mayChange(change, bob), mayChange(change, GUEST)]).toEqual([true, false, false]);
  });

  test("changes nothing otherwise", async () => {
    const change = await changeOf(() => fixture.update("users", idOf(ann), { as, body: { name: "Ann" } }));
    expect(mayChange(change, ann)).toBe(false);
    expect(mayChange(change, ann, "public/*")).toBe(false);
  });
});

describe("a change of a collection", () => {
  const ruleChange = (name: string, before: object, after: object): Change => ({
    seq: 1,
    time: 0,
    action: "update",
    collection: COLLECTIONS,
    record: recordId(fixture.collection(name).id),
    before: { id: recordId(fixture.collection(name).id), ...before },
    after: { id: recordId(fixture.collection(name).id), ...after },
  });

  test("may show more if the topic's rule may be wider", () => {
    const change = ruleChange("notes", { listRule: null }, { listRule: "" });
    expect(mayChange(change, ann)).toBe(true);
    expect(mayChange(change, ann, "public/*")).toBe(false);
    expect(mayChange(ruleChange("notes", { listRule: "a = 1" }, { listRule: "a = 2" }), ann)).toBe(true);
  });

  test("shows nothing more if the rule is narrower, another one, or a superuser's", () => {
    expect(mayChange(ruleChange("notes", { listRule: "" }, { listRule: "id = ''" }), ann)).toBe(false);
    expect(mayChange(ruleChange("notes", { listRule: "id = ''" }, { listRule: null }), ann)).toBe(false);
    expect(mayChange(ruleChange("notes", { viewRule: null }, { viewRule: "" }), ann)).toBe(false);
    expect(mayChange(ruleChange("notes", { listRule: null }, { listRule: "" }), as)).toBe(false);
  });

  test("matters in both directions to those who ask for what enters and leaves", () => {
    const topic = `notes/*?options=${encodeURIComponent(JSON.stringify({ query: { transitions: "enter-leave" } }))}`;
    expect(mayChange(ruleChange("notes", { listRule: "" }, { listRule: null }), ann, topic)).toBe(true);
  });

  test("may show more if the collection is deleted: another one of its name has its id", () => {
    const { before, after, ...change } = ruleChange("notes", {}, {});
    expect(mayChange({ ...change, action: "delete", before: before!, after: null }, ann)).toBe(true);
    expect(mayChange({ ...change, action: "create", before: null, after: after! }, ann)).toBe(false);
  });

  test("changes nothing if the rules stay the same", () => {
    expect(mayChange(ruleChange("notes", { name: "a" }, { name: "b" }), ann)).toBe(false);
  });
});
