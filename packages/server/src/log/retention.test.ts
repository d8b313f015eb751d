import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { migrate } from "../store/migrations/migrations.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { readTrimmedTo, readHead, readEntryRange } from "./change-log.ts";
import { LogSize } from "./log-size.ts";
import { trimLog } from "./retention.ts";

const dir = testDir();
const opened: Store[] = [];
afterAll(() => Promise.all(opened.map((store) => store.close())));

const HOUR = 3_600_000;
const NOW = new Date("2026-01-02T00:00:00Z");
const FOREVER = { maxAgeMs: 1e15, maxChanges: 1e9, maxBytes: 0 };

/** A log with one change for each entry, that many hours old. */
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

const seqs = async (store: Store): Promise<number[]> =>
  (await readEntryRange(store, { after: 0, upTo: 1e9, limit: 1e6 })).map(({ seq }) => seq);

test("changes that are too old are removed, and the trimmed position moves with them", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  expect(await readTrimmedTo(store)).toBe(0);
  expect(await trimLog(store, { ...FOREVER, maxAgeMs: 3 * HOUR }, NOW)).toEqual({ removed: 2, missed: undefined });
  expect([await seqs(store), await readTrimmedTo(store)]).toEqual([[3, 4, 5], 2]);
});

test("changes beyond the maximum number are removed, the oldest first", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  await trimLog(store, { ...FOREVER, maxChanges: 2 }, NOW);
  expect([await seqs(store), await readTrimmedTo(store)]).toEqual([[4, 5], 3]);
});

test("a log that was trimmed completely keeps its position", async () => {
  const store = await logOf([5, 4, 3]);
  expect((await trimLog(store, { ...FOREVER, maxAgeMs: HOUR }, NOW)).removed).toBe(3);
  expect([await seqs(store), await readTrimmedTo(store), await readHead(store)]).toEqual([[], 3, 3]);
});

test("a clock that was set back removes no change early", async () => {
  const store = await logOf([5, 1, 4, 2]);
  await trimLog(store, { ...FOREVER, maxAgeMs: 3 * HOUR }, NOW);
  expect(await seqs(store)).toEqual([2, 3, 4]);
});

test("many changes are removed in several writes", async () => {
  const store = await logOf(Array.from({ length: 5_001 }, () => 9));
  expect((await trimLog(store, { ...FOREVER, maxAgeMs: HOUR }, NOW)).removed).toBe(5_001);
});

test("nothing is removed from an empty log", async () => {
  expect((await trimLog(await logOf([]), { ...FOREVER, maxAgeMs: HOUR }, NOW)).removed).toBe(0);
});

test("changes that a reader has not read yet stay", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  await trimLog(store, { ...FOREVER, maxChanges: 1 }, NOW, { always: 2, hooks: Infinity });
  expect(await seqs(store)).toEqual([3, 4, 5]);
});

test("changes that are too old stay until hooks have read them", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  const retention = { ...FOREVER, maxAgeMs: HOUR / 2, maxChanges: 4 };
  expect(await trimLog(store, retention, NOW, { always: 5, hooks: 2 })).toEqual({ removed: 2, missed: undefined });
  expect(await seqs(store)).toEqual([3, 4, 5]);
});

test("hooks that hang hold back no more than `maxChanges` changes, and what they miss is reported", async () => {
  const store = await logOf([5, 4, 3, 2, 1]);
  const retention = { ...FOREVER, maxChanges: 2 };
  expect(await trimLog(store, retention, NOW, { always: 5, hooks: 1 })).toEqual({ removed: 3, missed: 3 });
  expect(await seqs(store)).toEqual([4, 5]);
  expect(await trimLog(store, retention, NOW, { always: 5, hooks: 1 })).toEqual({ removed: 0, missed: undefined });
});

test("changes beyond the maximum of bytes are removed, the oldest first, and what was erased no longer counts", async () => {
  const store = await logOf(Array.from({ length: 5_000 }, () => 1));
  const size = new LogSize();
  const trim = (maxBytes: number) => trimLog(store, { ...FOREVER, maxBytes }, NOW, undefined, size);
  await store.write((tx) =>
    tx.run({ text: "UPDATE _changes SET before = zeroblob(10000) WHERE seq % 10 = 0", values: [] }),
  );
  expect((await trim(6_000_000)).removed).toBe(0);
  expect(size.bytes).toBe(5_000 * 100 + 500 * 10_000);
  await store.write((tx) => tx.run({ text: "UPDATE _changes SET before = NULL WHERE seq <= 1000", values: [] }));
  expect((await trim(4_500_000)).removed).toBe(0);
  expect(size.bytes).toBe(5_000 * 100 + 400 * 10_000);
  // A thousand changes without values have 100,000 bytes; the next ten have one with values.
  expect(await trim(4_500_000 - 100_001)).toEqual({ removed: 1_001, missed: undefined });
  expect((await trim(1_000_000)).removed).toBe(3_099);
  await store.write((tx) =>
    tx.run({
      text: "INSERT INTO _changes (time, collection, record, action) VALUES (0, 'c', 'r', 'create')",
      values: [],
    }),
  );
  await trim(0);
  expect(size.bytes).toBeLessThan(1_000_200);
});
