import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { sql } from "../sql.ts";
import { type Store, StoreError, type Transaction } from "../store.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const dir = testDir();
const opened: Store[] = [];
afterAll(() => Promise.all(opened.map((store) => store.close())));

let files = 0;
async function openNotes(): Promise<{ store: Store; path: string }> {
  const path = join(dir, `${(files += 1)}.db`);
  const store = openSqliteStore(path);
  opened.push(store);
  await store.write((tx) => tx.run(sql`CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT, UNIQUE (body))`));
  return { store, path };
}

const insert = (id: string, body: string) => (tx: Transaction) =>
  tx.run(sql`INSERT INTO notes (id, body) VALUES (${id}, ${body})`);
const ids = async (store: Store): Promise<unknown[]> =>
  (await store.all(sql`SELECT id FROM notes ORDER BY rowid`)).map(({ id }) => id);

describe("writing", () => {
  test("writes that arrive together share a commit and keep their order", async () => {
    const { store } = await openNotes();
    let commits = 0;
    store.onCommit(() => (commits += 1));
    await Promise.all(["a", "b", "c"].map((id) => store.write(insert(id, id))));
    expect(await ids(store)).toEqual(["a", "b", "c"]);
    expect(commits).toBe(1);
  });

  test("a write that fails is rolled back alone; those that share its commit stand", async () => {
    const { store } = await openNotes();
    const outcomes = await Promise.allSettled([
      store.write(insert("a", "1")),
      store.write(async (tx) => {
        await insert("b", "2")(tx);
        throw new Error("changed my mind");
      }),
      store.write(insert("c", "1")),
      store.write(insert("d", "4")),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(await ids(store)).toEqual(["a", "d"]);
  });

  test("a write with `alone` has its own commit, in its turn", async () => {
    const { store } = await openNotes();
    const seen: unknown[][] = [];
    await Promise.all([
      store.write(insert("a", "a")),
      store.write(
        async (tx) => {
          seen.push(await ids(store));
          await insert("b", "b")(tx);
        },
        { alone: true },
      ),
      store.write(async (tx) => {
        seen.push(await ids(store));
        await insert("c", "c")(tx);
      }),
    ]);
    expect(seen).toEqual([["a"], ["a", "b"]]);
  });

  test("a long transaction lets others read: they see nothing of it until it is committed", async () => {
    const { store } = await openNotes();
    const seen: unknown[][] = [];
    let written = 0;
    const write = store.write(async (tx) => {
      // Without a turn for the others it would go on for ever.
      for (; seen.length === 0; written += 1) await insert(`n${written}`, `body ${written}`)(tx);
    });
    setImmediate(() => setImmediate(() => setImmediate(() => void ids(store).then((found) => seen.push(found)))));
    await write;
    expect(seen).toEqual([[]]);
    expect(await ids(store)).toHaveLength(written);
  });

  test("a callback runs after the commit and before the next group starts, and never for a write that failed", async () => {
    const { store } = await openNotes();
    const order: string[] = [];
    await Promise.allSettled([
      store.write(async (tx) => tx.afterCommit(() => order.push("first committed")), { alone: true }),
      store.write(async (tx) => {
        tx.afterCommit(() => order.push("never"));
        throw new Error("no");
      }),
      store.write(async () => order.push("second runs")),
    ]);
    expect(order).toEqual(["first committed", "second runs"]);
  });

  test("a unique violation names the columns", async () => {
    const { store } = await openNotes();
    await store.write(insert("a", "same"));
    const error = await store.write(insert("b", "same")).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ kind: "unique", columns: ["notes.body"] });
  });

  test("a full database rejects what does not fit, keeps what it confirmed, and goes on when there is room", async () => {
    const { store } = await openNotes();
    const limit = (pages: number): Promise<unknown> =>
      store.write((tx) => tx.all({ text: `PRAGMA max_page_count=${pages}`, values: [] }));
    await limit(30);
    const outcomes = await Promise.allSettled([
      store.write(insert("a", "a")),
      store.write(insert("b", "x".repeat(500_000))),
      store.write(insert("c", "c")),
    ]);
    const stored = await ids(store);
    expect(outcomes[1]).toMatchObject({ status: "rejected", reason: { kind: "full" } });
    expect(stored).toEqual(["a", "b", "c"].filter((_, i) => outcomes[i]!.status === "fulfilled"));
    await limit(100_000);
    await store.write(insert("d", "x".repeat(500_000)));
    expect(await ids(store)).toEqual([...stored, "d"]);
  });

  test("whichever writes fail, in any order, exactly the confirmed ones are stored", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ fails: fc.boolean(), alone: fc.boolean() }), { maxLength: 30 }),
        async (plan) => {
          const { store } = await openNotes();
          const outcomes = await Promise.allSettled(
            plan.map(({ fails, alone }, i) =>
              store.write(
                async (tx) => {
                  await insert(`n${i}`, `n${i}`)(tx);
                  if (fails) throw new Error("undo");
                },
                { alone },
              ),
            ),
          );
          const answered = plan.flatMap((_, i) => (outcomes[i]!.status === "fulfilled" ? [`n${i}`] : []));
          expect(await ids(store)).toEqual(answered);
          expect(answered).toEqual(plan.flatMap(({ fails }, i) => (fails ? [] : [`n${i}`])));
          await store.close();
        },
      ),
      { numRuns: 25 },
    );
  });
});

test("what was deleted is not in the files any more once the WAL was emptied", async () => {
  const { store, path } = await openNotes();
  // Some fit into a page, some need many.
  const texts = Array.from({ length: 40 }, (_, i) => `deleted text ${i} `.repeat(1 + i * i));
  for (const [i, text] of texts.entries()) await store.write(insert(`n${i}`, text));
  await store.write((tx) => tx.run(sql`UPDATE notes SET body = id WHERE rowid % 2 = 0`));
  await store.write((tx) => tx.run(sql`DELETE FROM notes`));
  const text = async (): Promise<string> =>
    (await Promise.all([path, `${path}-wal`].map((file) => Bun.file(file).text()))).join("");
  expect(await text()).toContain("deleted text");
  store.scrub();
  while (Bun.file(`${path}-wal`).size > 0) await Bun.sleep(20);
  expect(await text()).not.toContain("deleted text");
});

describe("reading", () => {
  test("uncommitted rows are visible inside their transaction and nowhere else", async () => {
    const { store } = await openNotes();
    await store.write(async (tx) => {
      await insert("a", "a")(tx);
      expect(await ids(store)).toEqual([]);
      expect(await tx.all(sql`SELECT id FROM notes`)).toEqual([{ id: "a" }]);
    });
    expect(await ids(store)).toEqual(["a"]);
  });

  test("a snapshot does not change while others write", async () => {
    const { store } = await openNotes();
    await store.write(insert("a", "a"));
    await store.read(async (reader) => {
      const before = await reader.all(sql`SELECT id FROM notes`);
      await store.write(insert("b", "b"));
      expect(await reader.all(sql`SELECT id FROM notes`)).toEqual(before);
    });
    expect(await ids(store)).toEqual(["a", "b"]);
  });

  test("a statement prepared earlier returns a column that was added", async () => {
    const { store } = await openNotes();
    await store.write(insert("a", "a"));
    await store.all(sql`SELECT * FROM notes`);
    await store.write((tx) => tx.run(sql`ALTER TABLE notes ADD COLUMN extra TEXT DEFAULT 'x'`));
    expect(await store.all(sql`SELECT * FROM notes`)).toEqual([{ id: "a", body: "a", extra: "x" }]);
  });
});

describe("with other connections", () => {
  test("listeners hear of a commit of another connection to the file", async () => {
    const { store, path } = await openNotes();
    const announced = new Promise<void>((resolve) => store.onCommit(resolve));
    const other = openSqliteStore(path);
    await other.write(insert("theirs", "theirs"));
    await announced;
    expect(await ids(store)).toEqual(["theirs"]);
    await other.close();
  });

  test("a write waits for another connection's transaction", async () => {
    const { store, path } = await openNotes();
    const other = openSqliteStore(path);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const theirs = other.write(async (tx) => {
      await insert("theirs", "1")(tx);
      await held;
    });
    const ours = store.write(insert("ours", "2"));
    setTimeout(release, 20);
    await Promise.all([theirs, ours]);
    expect(new Set(await ids(store))).toEqual(new Set(["theirs", "ours"]));
    await other.close();
  });

  test("closing finishes waiting writes, removes the WAL and rejects later writes", async () => {
    const { store, path } = await openNotes();
    const last = store.write(insert("last", "last"));
    await store.close();
    await last;
    expect(await Bun.file(`${path}-wal`).exists()).toBe(false);
    expect(await store.write(insert("late", "late")).catch((reason: unknown) => reason)).toMatchObject({
      kind: "closed",
    });
    const again = openSqliteStore(path);
    expect(await ids(again)).toEqual(["last"]);
    await again.close();
  });

  test("a long WAL is moved into the database file while the store is open", async () => {
    const { store, path } = await openNotes();
    const size = Bun.file(path).size;
    const body = "x".repeat(8_000);
    for (let i = 0; i < 1_000; i += 1) await store.write(insert(`n${i}`, body + i));
    // The checkpoint runs on another thread, so only the file shows it.
    while (Bun.file(path).size < size + 4_000_000) await Bun.sleep(10);
    expect(Bun.file(path).size).toBeGreaterThan(size);
  });

  test("a file that is not a database is rejected with the engine's message", async () => {
    const path = join(dir, "text.db");
    await Bun.write(path, "this is certainly no database, however long it may be ".repeat(40));
    expect(() => openSqliteStore(path)).toThrow("file is not a database");
  });
});
