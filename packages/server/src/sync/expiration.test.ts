import { expect, test } from "bun:test";
import { NOW } from "../testing/record-fixture.ts";
import { SyncFixture } from "../testing/sync-fixture.ts";
import { findGroup, NO_VIEW } from "./client-group.ts";
import { findLastMutation, saveLastMutations } from "./client-rows.ts";
import { expireSync } from "./expiration.ts";
import { viewRecordsAfter } from "./view-rows.ts";

const fixture = await SyncFixture.open();
const { store } = fixture;
const AGES = { viewMs: 1_000, clientMs: 5_000 };
const after = (milliseconds: number): Date => new Date(NOW.getTime() + milliseconds);

test("a silent group loses its view first, then its clients, and then the group itself goes", async () => {
  const group = await fixture.setView(await fixture.group("silent"), { version: 3 }, { put: ["a"] });
  await store.write((tx) => saveLastMutations(tx, group, new Map([["client", 7]]), NOW));
  const all = { group: group.id, name: "notes", after: "", limit: -1 };

  await expireSync(store, after(1_000), AGES);
  expect((await findGroup(store, "silent"))?.view.version).toBe(3);

  await expireSync(store, after(1_001), AGES);
  expect((await findGroup(store, "silent"))?.view).toEqual(NO_VIEW);
  expect(await viewRecordsAfter(store, all)).toEqual(new Map());
  expect(await findLastMutation(store, group, "client")).toBe(7);

  await expireSync(store, after(5_001), AGES);
  expect(await findLastMutation(store, group, "client")).toBeUndefined();
  expect(await findGroup(store, "silent")).toBeUndefined();
});

test("a group without a view stays while one of its clients is known", async () => {
  const group = await fixture.group("pushing");
  await store.write((tx) => saveLastMutations(tx, group, new Map([["active", 1]]), after(4_000)));
  await store.write((tx) => tx.run({ text: "UPDATE _sync_groups SET seen = 0 WHERE id = ?", values: [group.id] }));
  await expireSync(store, after(5_500), AGES);
  expect(await findGroup(store, "pushing")).toBeDefined();
});

test("an active view forgets the oldest of its gone records, and its floor rises to their version", async () => {
  const group = await fixture.setView(await fixture.group("active"), { version: 9 });
  await store.write((tx) =>
    tx.run({
      text: `INSERT INTO _sync_view (client_group, name, record, version, gone)
        SELECT ?, 1, 'r' || value, CASE WHEN value < 3 THEN 2 ELSE 5 END, 1
        FROM (WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n LIMIT 10003) SELECT value FROM n)`,
      values: [group.id],
    }),
  );
  await expireSync(store, NOW, AGES);
  const left = await store.first({
    text: "SELECT count(*) AS count, min(version) AS version FROM _sync_view WHERE client_group = ?",
    values: [group.id],
  });
  expect(left).toEqual({ count: 10_000, version: 5 });
  expect((await findGroup(store, "active"))?.view.floor).toBe(2);
});
