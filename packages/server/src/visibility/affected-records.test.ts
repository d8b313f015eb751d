import { describe, expect, test } from "bun:test";
import type { Change } from "../log/change.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import { conditionOf } from "../records/rule-check/interpret-rule.ts";
import { RecordFixture } from "../testing/record-fixture.ts";
import { affectedFor, findAffectedRecords, isAffectedBy } from "./affected-records.ts";
import { dependenciesOfCondition, type ListenerDependency } from "./listener-dependencies.ts";

const fixture = await RecordFixture.open([
  {
    name: "teams",
    type: "base",
    fields: [
      { name: "name", type: "text" },
      { name: "open", type: "bool" },
    ],
  },
  {
    name: "seats",
    type: "base",
    fields: [
      { name: "user", type: "text" },
      { name: "room", type: "text" },
    ],
  },
  {
    name: "notes",
    type: "base",
    fields: [
      { name: "team", type: "relation", collectionId: "teams" },
      { name: "teams", type: "relation", collectionId: "teams", maxSelect: 9 },
    ],
  },
  {
    name: "shares",
    type: "base",
    fields: [
      { name: "note", type: "relation", collectionId: "notes" },
      { name: "user", type: "text" },
    ],
  },
]);
await fixture.addFields("users", [{ name: "home", type: "relation", collectionId: "teams" }]);
const as = fixture.superuser();
const notes = fixture.collection("notes");

const add = async (name: string, body: object = {}): Promise<string> =>
  (await fixture.create(name, { as, body: { ...body } })).body.id;
const changeOf = async (work: () => Promise<unknown>): Promise<Change> => (await fixture.changesOf(work))[0]!;

async function account(name: string, home: string): Promise<Principal> {
  const body = { email: `${name}@example.com`, password: "1234567890", passwordConfirm: "1234567890", home };
  return fixture.principal("users", await add("users", body));
}
const idOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.values.id);

const red = await add("teams", { name: "red" });
const blue = await add("teams", { name: "blue" });
const ann = await account("ann", red);
const bob = await account("bob", blue);
const [inRed, inBoth, inNone] = [
  await add("notes", { team: red }),
  await add("notes", { team: blue, teams: [red, blue] }),
  await add("notes"),
];

/** The last dependency of a rule for notes: the one at the end of its path. */
function dependencyOf(rule: string, principal = ann): ListenerDependency {
  const condition = conditionOf(fixture.context({ as: principal }), notes, rule);
  return dependenciesOfCondition(condition!).at(-1)!;
}
const find = async (rule: string, change: Change) =>
  findAffectedRecords(fixture.store, notes, dependencyOf(rule), change, []);

describe("a rule is affected by a change", () => {
  test("of a field that it reads, and of no other field", async () => {
    const dependency = dependencyOf("team.open = true");
    const opened = await changeOf(() => fixture.update("teams", red, { as, body: { open: true } }));
    const renamed = await changeOf(() => fixture.update("teams", red, { as, body: { name: "crimson" } }));
    expect(isAffectedBy(dependency, opened)).toBe(true);
    expect(isAffectedBy(dependency, renamed)).toBe(false);
  });

  test("that creates or deletes a record that it may read", async () => {
    const dependency = dependencyOf("team.open = true");
    const created = await changeOf(() => add("teams", { id: "temp00000000000" }));
    const deleted = await changeOf(() => fixture.remove("teams", "temp00000000000", { as }));
    expect([created, deleted].map((change) => isAffectedBy(dependency, change))).toEqual([true, true]);
  });

  test("but not of a record in another collection", async () => {
    const change = await changeOf(() => add("seats"));
    expect(isAffectedBy(dependencyOf("team.open = true"), change)).toBe(false);
  });
});

describe("the affected records", () => {
  test("of a relation are those that refer to the changed record", async () => {
    const change = await changeOf(() => fixture.update("teams", red, { as, body: { open: false } }));
    expect(await find("team.open = true", change)).toEqual({ kind: "records", ids: [inRed] });
    expect(await find("teams.open ?= true", change)).toEqual({ kind: "records", ids: [inBoth] });
  });

  test("of a back-relation are those that the changed record referred to before or refers to now", async () => {
    const share = await add("shares", { note: inRed, user: idOf(ann) });
    const change = await changeOf(() => fixture.update("shares", share, { as, body: { note: inNone } }));
    const rule = "shares_via_note.user ?= @request.auth.id";
    expect(await find(rule, change)).toEqual({ kind: "records", ids: [inRed, inNone] });
  });

  test("are found with overridden values instead of stored ones", async () => {
    const change = await changeOf(() => fixture.update("teams", red, { as, body: { open: true } }));
    const values = {
      ...(await fixture.changesOf(() => fixture.update("notes", inNone, { as })))[0]!.after!,
      team: red,
    };
    const overrides = [{ collection: notes, id: inNone, values }];
    const affected = await findAffectedRecords(
      fixture.store,
      notes,
      dependencyOf("team.open = true"),
      change,
      overrides,
    );
    expect(affected).toEqual({ kind: "records", ids: expect.arrayContaining([inRed, inNone]) });
  });

  test("of `@collection` may be any record", async () => {
    const change = await changeOf(() => add("seats", { user: idOf(ann), room: "red" }));
    expect(await find("@collection.seats.user ?= @request.auth.id", change)).toEqual({ kind: "all" });
  });

  test("of a path from the account may be any record, for accounts at its start", async () => {
    const change = await changeOf(() => fixture.update("teams", red, { as, body: { open: false } }));
    expect(await find("@request.auth.home.open = true", change)).toEqual({
      kind: "requesters",
      ids: new Set([idOf(ann)]),
    });
  });
});

describe("for one requester", () => {
  const affectedBy = async (rule: string, change: Change, principal: Principal) =>
    affectedFor(await find(rule, change), dependencyOf(rule), change, fixture.context({ as: principal }));

  test("records stay the same", async () => {
    const change = await changeOf(() => fixture.update("teams", red, { as, body: { open: true } }));
    for (const principal of [ann, bob, GUEST]) {
      expect(await affectedBy("team.open = true", change, principal)).toEqual([inRed]);
    }
  });

  test("a path from the account only matters to accounts at its start", async () => {
    const change = await changeOf(() => fixture.update("teams", red, { as, body: { open: false } }));
    const rule = "@request.auth.home.open = true";
    const affected = [ann, bob, GUEST].map((principal) => affectedBy(rule, change, principal));
    expect(await Promise.all(affected)).toEqual(["any", [], []]);
  });

  test("a record of `@collection` only matters if it meets an equality with the requester, before or after", async () => {
    const rule = "@collection.seats.user ?= @request.auth.id";
    const seat = await add("seats", { user: idOf(ann) });
    const reassigned = await changeOf(() => fixture.update("seats", seat, { as, body: { user: idOf(bob) } }));
    const rereassigned = await changeOf(() => fixture.remove("seats", seat, { as }));
    expect(await affectedBy(rule, reassigned, ann)).toBe("any");
    expect(await affectedBy(rule, reassigned, bob)).toBe("any");
    expect(await affectedBy(rule, reassigned, GUEST)).toEqual([]);
    expect(await affectedBy(rule, rereassigned, ann)).toEqual([]);
    expect(await affectedBy(rule, rereassigned, bob)).toBe("any");
  });
});
