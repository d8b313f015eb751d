import { expect, test } from "bun:test";
import { GUEST } from "../rules/principal.ts";
import { ANN, SyncFixture } from "../testing/sync-fixture.ts";
import { type SyncedSet, syncedSet } from "./synced-collection.ts";

const fixture = await SyncFixture.open();
const { records } = fixture;
await records.addCollection({
  name: "titles",
  type: "view",
  viewQuery: "SELECT id, title FROM notes",
  listRule: "",
});
await records.addCollection({
  name: "timed",
  type: "base",
  fields: [{ name: "due", type: "date" }],
  listRule: "due < @now",
});

const setOf = (account = ANN): Promise<SyncedSet> => fixture.read(async ({ context }) => syncedSet(context), account);

const fingerprintsOf = async (name: string): Promise<unknown> =>
  (JSON.parse((await setOf()).fingerprints) as Readonly<Record<string, unknown>>)[name];

test("a user syncs the collections with a list rule, without views and system collections", async () => {
  expect([...(await setOf()).collections.keys()].toSorted()).toEqual(["notes", "people", "timed", "users"]);
});

test("a superuser syncs every collection that can be synced, without rules", () => {
  const set = syncedSet(records.context({ as: records.superuser() }));
  expect(set.collections.get("secrets")?.listRule).toBe("");
  expect(set.collections.has("titles")).toBe(false);
});

test("principals of one kind share a set, others don't", async () => {
  const context = records.context({ as: await records.principal("people", ANN) });
  expect(syncedSet(context)).toBe(syncedSet({ ...context }));
  expect(syncedSet({ ...context, principal: GUEST })).not.toBe(syncedSet(context));
});

test("a rule that reads the time makes its collection volatile", async () => {
  expect((await setOf()).volatileCollections).toEqual(["timed"]);
});

test("collections that rules read through decide the visibility of others", async () => {
  const { decidingCollections } = await setOf();
  expect(decidingCollections).toContain(records.collection("people").id as never);
  expect(decidingCollections).not.toContain(records.collection("timed").id as never);
});

test("a new rule changes only the fingerprint of visibility, a new field only that of content", async () => {
  const before = await fingerprintsOf("notes");
  expect(before).toEqual({ look: expect.any(String), sight: expect.any(String) });
  await records.setRule("notes", "listRule", "owner = @request.auth.id");
  const ruled = (await fingerprintsOf("notes")) as { readonly look: string; readonly sight: string };
  expect(ruled).toMatchObject({ look: (before as typeof ruled).look });
  expect(ruled.sight).not.toBe((before as typeof ruled).sight);
  await records.addFields("timed", [{ name: "extra", type: "text" }]);
  expect(await fingerprintsOf("notes")).toEqual(ruled);
});
