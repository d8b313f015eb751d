import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { migrate } from "../store/migrations/migrations.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { readTrimmedTo, readHead, readChangeRange } from "./change-log.ts";
import { trimLog } from "./retention.ts";

const dir = testDir();
const opened: Store[] = [];
afterAll(() => Promise.all(opened.map((store) => store.close())));

const HOUR = 3_600_000;
const NOW = new Date("2026-01-02T00:00:00Z");
const FOREVER = { maxAgeMs: 1e15, maxChanges: 1e9 };

/** A log whose changes happened so many hours ago. */
async function logOf(hoursAgo: readonly number[]): Promise<Store> {
  const store = openSqliteStore(join(dir, `${opened.length}.db`));
  opened.push(store);
  await store.write(migrate);
  await store.write(async (tx) => {
    for (const hours of hoursAgo) {
      await tx.run({
        text: "INSERT INTO _changes (time, collection, record, action) VALUES (?, 'c', 'r', 'create')",
        values: [NOW.getTime() - hours * HOUR],
      });
    }
  });
  return store;
}

const seqs = async (store: Store): Promise<number[]> => (await readChangeRange(store, { after: 0, upTo: 1e9, limit: 1e6 })).map(({ seq }) => seq);

test("what is too old goes, and the floor moves with it", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  expect(await readTrimmedTo(store)).toBe(0);
  expect(await trimLog(store, { ...FOREVER, maxAgeMs: 3 * HOUR }, NOW)).toEqual({ removed: 2, missed: undefined });
  expect([await seqs(store), await readTrimmedTo(store)]).toEqual([[3, 4, 5], 2]);
});

test("what is beyond the number goes, from the beginning", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  await trimLog(store, { ...FOREVER, maxChanges: 2 }, NOW);
  expect([await seqs(store), await readTrimmedTo(store)]).toEqual([[4, 5], 3]);
});

test("a log that was trimmed to nothing still says where it is", async () => {
  const store = await logOf([5, 4, 3]);
  expect((await trimLog(store, { ...FOREVER, maxAgeMs: HOUR }, NOW)).removed).toBe(3);
  expect([await seqs(store), await readTrimmedTo(store), await readHead(store)]).toEqual([[], 3, 3]);
});

test("a clock that was set back makes nothing go before its time", async () => {
  const store = await logOf([5, 1, 4, 2]);
  await trimLog(store, { ...FOREVER, maxAgeMs: 3 * HOUR }, NOW);
  expect(await seqs(store)).toEqual([2, 3, 4]);
});

test("many go in several writes, all of them", async () => {
  const store = await logOf(Array.from({ length: 5_001 }, () => 9));
  expect((await trimLog(store, { ...FOREVER, maxAgeMs: HOUR }, NOW)).removed).toBe(5_001);
});

test("nothing goes from an empty log", async () => {
  expect((await trimLog(await logOf([]), { ...FOREVER, maxAgeMs: HOUR }, NOW)).removed).toBe(0);
});

test("what somebody who follows the log has not read yet stays", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  await trimLog(store, { ...FOREVER, maxChanges: 1 }, NOW, { always: 2, hooks: Infinity });
  expect(await seqs(store)).toEqual([3, 4, 5]);
});

test("hooks that have not read what is too old keep it", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  const retention = { maxAgeMs: HOUR / 2, maxChanges: 4 };
  expect(await trimLog(store, retention, NOW, { always: 5, hooks: 2 })).toEqual({ removed: 2, missed: undefined });
  expect(await seqs(store)).toEqual([3, 4, 5]);
});

test("hooks that hang hold back no more changes than are kept, and it is said what they miss", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  const retention = { ...FOREVER, maxChanges: 2 };
  expect(await trimLog(store, retention, NOW, { always: 5, hooks: 1 })).toEqual({ removed: 3, missed: 3 });
  expect(await seqs(store)).toEqual([4, 5]);
  expect(await trimLog(store, retention, NOW, { always: 5, hooks: 1 })).toEqual({ removed: 0, missed: undefined });
});
