import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { collectionId, recordId } from "@headwater/protocol";
import fc from "fast-check";
import { migrate } from "../store/migrations/migrations.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { plainPages } from "../testing/plain-pages.ts";
import { appendChange, appendEntry } from "./append-change.ts";
import type { Change } from "./change.ts";
import { readEntriesAfter, readEntriesOf, readEntryRange, readEpoch, readHead } from "./change-log.ts";
import type { LogEntry } from "./log-entry.ts";
import { type Follower, LogTail } from "./tail.ts";

const dir = testDir();
const opened: Store[] = [];
afterAll(() => Promise.all(opened.map((store) => store.close())));

let files = 0;
async function openLog(): Promise<Store> {
  const store = openSqliteStore(join(dir, `${(files += 1)}.db`));
  opened.push(store);
  await store.write(migrate);
  return store;
}

const append = (store: Store, id: string, fail = false): Promise<void> =>
  store.write(async (tx) => {
    const key = { collection: collectionId("c"), record: recordId(id) };
    await appendChange(tx, { ...key, action: "create", before: null, after: { id: key.record } });
    if (fail) throw new Error("rolled back");
  });

function follow(store: Store, head: number, ...followers: Follower[]): { tail: LogTail; errors: unknown[] } {
  const errors: unknown[] = [];
  const tail = new LogTail(plainPages(store), head, followers, (error) => errors.push(error));
  store.onCommit(() => tail.wake());
  return { tail, errors };
}

test("an entry is read as it was appended", async () => {
  const store = await openLog();
  const key = { collection: collectionId("c"), record: recordId("r1") };
  const plain = { ...key, action: "update", before: { id: key.record, data: [1] }, after: { id: key.record } } as const;
  const changed = { ...key, action: "update", form: "changed", before: { f1: "old" }, after: null } as const;
  const cascade = { since: 7, cause: { collection: collectionId("d"), record: recordId("r2") } };
  const deleted = { ...key, action: "delete", form: "whole", before: { f1: "last" }, after: null, cascade } as const;
  await store.write(async (tx) => {
    await appendChange(tx, plain);
    await appendEntry(tx, changed);
    await appendEntry(tx, deleted);
  });
  const read = await readEntriesAfter(store, 0, 10);
  const expected = [{ ...plain, form: "plain" }, changed, deleted];
  expect(read).toMatchObject(expected.map((entry, i) => ({ ...entry, seq: i + 1 })));
});

test("the head survives a trim: a seq is never used twice", async () => {
  const store = await openLog();
  expect(await readHead(store)).toBe(0);
  await append(store, "a");
  await append(store, "b");
  await store.write((tx) => tx.run({ text: "DELETE FROM _changes", values: [] }));
  expect(await readHead(store)).toBe(2);
  await append(store, "c");
  expect((await readEntriesAfter(store, 0, 10)).map(({ seq }) => seq)).toEqual([3]);
});

test("the epoch stays the same for the life of the file", async () => {
  const store = await openLog();
  const first = await readEpoch(store);
  await store.write(migrate);
  expect(await readEpoch(store)).toBe(first);
  expect(first).toMatch(/^[0-9a-f]{10}$/);
});

test("however writes and failures interleave, each follower gets each committed change once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (failures) => {
      const store = await openLog();
      const received: [Change[], Change[]] = [[], []];
      const { tail, errors } = follow(
        store,
        0,
        (change) => void received[0].push(change),
        async (change) => {
          await new Promise((resolve) => setImmediate(resolve));
          received[1].push(change);
        },
      );
      await Promise.allSettled(failures.map((fails, i) => append(store, `r${i}`, fails)));
      await tail.stop();
      const committed = failures.flatMap((fails, i) => (fails ? [] : [`r${i}`]));
      for (const changes of received) {
        expect(changes.map(({ record }) => record as string)).toEqual(committed);
        expect(changes.map(({ seq }) => seq)).toEqual(changes.map(({ seq }) => seq).sort((a, b) => a - b));
      }
      expect(errors).toEqual([]);
      await store.close();
    }),
    { numRuns: 25 },
  );
});

test("a follower that throws is reported, and every follower gets every change", async () => {
  const store = await openLog();
  const records: string[] = [];
  const { tail, errors } = follow(
    store,
    0,
    () => {
      throw new Error("poison");
    },
    ({ record }) => void records.push(record),
  );
  await append(store, "a");
  await append(store, "b");
  await tail.stop();
  expect(records).toEqual(["a", "b"]);
  expect(errors).toHaveLength(2);
});

test("a tail starts after its head and reports its position", async () => {
  const store = await openLog();
  await append(store, "before");
  const records: string[] = [];
  const { tail } = follow(store, await readHead(store), ({ record }) => void records.push(record));
  await append(store, "after");
  await tail.stop();
  expect(records).toEqual(["after"]);
  expect(tail.seq).toBe(2);
});

/** Writes a row that this program never would. */
const appendBroken = (store: Store, after: string): Promise<number> =>
  store.write((tx) =>
    tx.run({
      text: "INSERT INTO _changes (time, collection, record, action, after) VALUES (0, 'c', 'broken', 'create', ?)",
      values: [after],
    }),
  );

test("a row that can't be read is reported once, and followers go on with the next change", async () => {
  const store = await openLog();
  const records: string[] = [];
  const { tail, errors } = follow(store, 0, ({ record }) => void records.push(record));
  await append(store, "a");
  for (const text of ['{"id": "r', "5", "null", '"text"']) await appendBroken(store, text);
  await append(store, "b");
  await appendBroken(store, "{");
  tail.wake();
  await tail.stop();
  expect(records).toEqual(["a", "b"]);
  expect(errors.map(String)).toEqual(
    [2, 3, 4, 5, 7].map((seq) => `BrokenRow: The change ${seq} of c/broken can't be read.`),
  );
  expect(tail.seq).toBe(7);
});

test("rows that can't be read are not mistaken for the end of the log", async () => {
  const store = await openLog();
  for (const id of ["a", "b", "c"]) {
    for (let i = 0; i < 3; i += 1) await appendBroken(store, "{");
    await append(store, id);
  }
  const ids = (changes: readonly LogEntry[]): string[] => changes.map(({ record }) => record);
  expect(ids(await readEntriesAfter(store, 0, 2))).toEqual(["a", "b"]);
  expect(ids(await readEntriesAfter(store, 0, 3))).toEqual(["a", "b", "c"]);
  expect(ids(await readEntryRange(store, { after: 0, upTo: 8, limit: 2 }))).toEqual(["a", "b"]);
  expect(ids(await readEntryRange(store, { after: 0, upTo: 8, limit: 3 }))).toEqual(["a", "b"]);
  expect(ids(await readEntriesOf(store, [collectionId("c")], { after: 0, upTo: 12 }))).toEqual(["a", "b", "c"]);
});
