import { describe, expect, test } from "bun:test";
import { parseSubscription, type RecordEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import { RecordFixture } from "../testing/record-fixture.ts";
import { RecordEvents } from "./record-events.ts";
import type { VisibilityChanges } from "./visibility-diff.ts";

const fixture = await RecordFixture.open([
  { name: "teams", type: "base", fields: [{ name: "open", type: "bool" }] },
  {
    name: "notes",
    type: "base",
    listRule: "team.open = true || level <= @request.auth.level",
    viewRule: "team.open = true",
    fields: [
      { name: "team", type: "relation", collectionId: "teams" },
      { name: "level", type: "number" },
    ],
  },
]);
await fixture.addFields("users", [{ name: "level", type: "number" }]);
const as = fixture.superuser();
const add = async (name: string, body: object = {}): Promise<string> =>
  (await fixture.create(name, { as, body: { ...body } })).body.id;
const changeOf = async (work: () => Promise<unknown>): Promise<Change> => (await fixture.changesOf(work))[0]!;

const ann = await fixture.principal(
  "users",
  await add("users", { email: "a@example.com", password: "1234567890", passwordConfirm: "1234567890", level: 1 }),
);
const annId = ann.kind === "guest" ? "" : ann.values.id;
const team = await add("teams");
const other = await add("teams");
const note = await add("notes", { team, level: 9 });
await add("notes", { team: other, level: 9 });
const level2 = await add("notes", { level: 2 });

const events = new RecordEvents({
  reader: fixture.store,
  schema: () => fixture.context().schema,
  files: fixture.files,
});
const live = (topic = "notes/*") =>
  parseSubscription(
    `${topic}?options=${encodeURIComponent(JSON.stringify({ query: { transitions: "enter-leave" } }))}`,
  );
const summary = (changes: VisibilityChanges): unknown => {
  if (changes === "unknown") return changes;
  return changes.map(({ data }) => {
    const { action, record } = JSON.parse(data) as RecordEvent;
    return [action, record["id"]];
  });
};
const setOpen = (open: boolean): Promise<Change> =>
  changeOf(() => fixture.update("teams", team, { as, body: { open } }));

describe("a change of a related record", () => {
  const changes = async (change: Change, principal: Principal, topic?: string) =>
    summary(await events.visibilityChanges(change, live(topic), principal));

  test("shows the records that refer to it, and hides them", async () => {
    expect(await changes(await setOpen(true), GUEST)).toEqual([["enter", note]]);
    expect(await changes(await setOpen(false), GUEST)).toEqual([["leave", note]]);
  });

  test("only concerns the topic's record", async () => {
    const change = await setOpen(true);
    expect(await changes(change, GUEST, `notes/${note}`)).toEqual([["enter", note]]);
    expect(await changes(change, GUEST, `notes/${level2}`)).toEqual([]);
    await setOpen(false);
  });

  test("is evaluated at its own position, whatever was written later", async () => {
    const opened = await setOpen(true);
    const closed = await setOpen(false);
    expect(await changes(opened, GUEST)).toEqual([["enter", note]]);
    expect(await changes(closed, GUEST)).toEqual([["leave", note]]);
  });

  test("has no effect for a superuser, who sees everything", async () => {
    expect(await changes(await setOpen(true), as)).toEqual([]);
    await setOpen(false);
  });

  test("gives no events for a field that no rule reads", async () => {
    const change = await changeOf(() => fixture.update("users", annId, { as, body: { name: "Ann" } }));
    expect(await changes(change, GUEST)).toEqual([]);
  });
});

describe("a change of the listener's own account", () => {
  const setLevel = async (level: number): Promise<unknown> => {
    const before = await fixture.principal("users", annId);
    const changesSince = events.captureListener(live(), before);
    const change = await changeOf(() => fixture.update("users", annId, { as, body: { level } }));
    return summary(await changesSince(change, await fixture.principal("users", annId)));
  };

  test("shows and hides records by its new values", async () => {
    expect(await setLevel(2)).toEqual([["enter", level2]]);
    expect(await setLevel(1)).toEqual([["leave", level2]]);
    expect(await setLevel(1)).toEqual([]);
  });

  test("hides everything when it is signed out", async () => {
    await setLevel(2);
    const changesSince = events.captureListener(live(), await fixture.principal("users", annId));
    const change = await changeOf(() =>
      fixture.update("users", annId, { as, body: { password: "abcdefgh12", passwordConfirm: "abcdefgh12" } }),
    );
    expect(summary(await changesSince(change, GUEST))).toEqual([["leave", level2]]);
  });
});

test("more records than get an event each are `unknown`", async () => {
  const crowded = await add("teams", { open: true });
  for (let n = 0; n < 501; n += 1) await add("notes", { team: crowded, level: 9 });
  const change = await changeOf(() => fixture.update("teams", crowded, { as, body: { open: false } }));
  expect(await events.visibilityChanges(change, live(), GUEST)).toBe("unknown");
});
