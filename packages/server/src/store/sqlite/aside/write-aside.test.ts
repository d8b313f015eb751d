import { expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { sql } from "../../sql.ts";
import { type Store, StoreError } from "../../store.ts";
import { openSqliteStore } from "../sqlite-store.ts";

/** A store that is large enough for writes beside its thread. */
async function openLarge(): Promise<Store> {
  const store = openSqliteStore(join(testDir(), "data.db"));
  await store.write(async (tx) => {
    await tx.run(sql`CREATE TABLE version (number INTEGER)`);
    await tx.run(sql`INSERT INTO version VALUES (0)`);
    await tx.run(sql`CREATE TABLE filler AS
      WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n LIMIT 3000) SELECT zeroblob(4000) AS bytes FROM n`);
  });
  return store;
}

const ASIDE = { alone: true, aside: true } as const;

test("nobody reads what was written before the callbacks have run, and everybody does afterwards", async () => {
  const store = await openLarge();
  let current = 0;
  const writing = new AbortController();
  let reads = 0;
  const check = async (): Promise<void> => {
    while (!writing.signal.aborted) {
      const known = current;
      const seen = await store.first(sql`SELECT number FROM version`);
      const inSnapshot = store.read(async (reader) => {
        const before = current;
        const row = await reader.first(sql`SELECT number FROM version`);
        return [row?.["number"], before];
      });
      expect(seen).toEqual({ number: known });
      const [number, before] = await inSnapshot.catch((error: unknown) => {
        if (error instanceof StoreError && error.kind === "busy") return [undefined, undefined];
        throw error;
      });
      expect(number).toEqual(before);
      reads += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const readers = [check(), check(), check()];
  for (let number = 1; number <= 5; number += 1) {
    await store.write(async (tx) => {
      await tx.run(sql`UPDATE filler SET bytes = randomblob(4000)`);
      expect(await tx.run(sql`UPDATE version SET number = ${number}`)).toBe(1);
      expect(await tx.first(sql`SELECT number FROM version`)).toEqual({ number });
      tx.afterCommit(() => (current = number));
    }, ASIDE);
    expect(current).toBe(number);
  }
  writing.abort();
  await Promise.all(readers);
  expect(reads).toBeGreaterThan(10);
  await store.close();
});

test("a write that fails leaves nothing, and others follow it", async () => {
  const store = await openLarge();
  const failing = store.write(async (tx) => {
    await tx.run(sql`UPDATE version SET number = 7`);
    tx.afterCommit(() => expect.unreachable());
    await tx.run(sql`UPDATE nowhere SET number = 7`);
  }, ASIDE);
  const next = store.write((tx) => tx.run(sql`UPDATE version SET number = number + 1`));
  expect(await failing.catch((error: unknown) => (error as StoreError).kind)).toBe("invalid");
  expect(await next).toBe(1);
  expect(await store.first(sql`SELECT number FROM version`)).toEqual({ number: 1 });
  await store.close();
});

test("commit listeners hear of it, and the store closes after it", async () => {
  const store = await openLarge();
  let commits = 0;
  store.onCommit(() => (commits += 1));
  const written = store.write((tx) => tx.run(sql`UPDATE version SET number = 1`), ASIDE);
  const closed = store.close();
  expect(await written).toBe(1);
  await closed;
  expect(commits).toBeGreaterThan(0);
});
