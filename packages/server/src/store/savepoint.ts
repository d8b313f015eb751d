import type { Transaction } from "./store.ts";

/**
 * Runs a part of a transaction that may fail without failing the rest: its statements are rolled back and its callbacks
 * dropped. Savepoints of one transaction must not overlap.
 *
 * @throws what the work throws
 */
export async function savepoint<T>(tx: Transaction, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const callbacks: (() => void)[] = [];
  const run = (text: string): Promise<number> => tx.run({ text, values: [] });
  await run("SAVEPOINT attempt");
  let value: T;
  try {
    value = await work({
      all: (statement) => tx.all(statement),
      first: (statement) => tx.first(statement),
      run: (statement) => tx.run(statement),
      afterCommit: (callback) => void callbacks.push(callback),
    });
  } catch (error) {
    await run("ROLLBACK TO attempt");
    await run("RELEASE attempt");
    throw error;
  }
  await run("RELEASE attempt");
  for (const callback of callbacks) tx.afterCommit(callback);
  return value;
}
