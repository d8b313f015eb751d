import { expect, test } from "bun:test";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { BatchClock } from "./batch-clock.ts";

const { signal } = new AbortController();
const statement = sql`SELECT 1`;

function countingTransaction(): { readonly tx: Transaction; readonly ran: string[] } {
  const ran: string[] = [];
  const tx: Transaction = {
    all: async () => (ran.push("all"), []),
    first: async () => (ran.push("first"), undefined),
    run: async () => ran.push("run"),
    afterCommit: () => {},
  };
  return { tx, ran };
}

test("a batch whose time is over runs no more statements", async () => {
  const { tx, ran } = countingTransaction();
  const bound = new BatchClock(-1, signal).bound(tx);
  for (const run of [() => bound.all(statement), () => bound.first(statement), () => bound.run(statement)]) {
    expect(await run().catch((error: unknown) => error)).toMatchObject({ reason: "late" });
  }
  expect(ran).toEqual([]);
});

test("a batch whose client has left runs no more statements", async () => {
  const leaving = new AbortController();
  const { tx, ran } = countingTransaction();
  const bound = new BatchClock(60_000, leaving.signal).bound(tx);
  await bound.run(statement);
  leaving.abort();
  expect(await bound.run(statement).catch((error: unknown) => error)).toMatchObject({ reason: "abandoned" });
  expect(ran).toEqual(["run"]);
});

test("waiting for other writers takes no time of the batch", async () => {
  const clock = new BatchClock(500, signal);
  await clock.exclude(async (proceed) => {
    await Bun.sleep(600);
    expect(() => clock.check()).toThrow("too long");
    proceed();
  });
  expect(() => clock.check()).not.toThrow();
});
