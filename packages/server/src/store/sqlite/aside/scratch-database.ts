import { toQuery } from "../../sql.ts";
import type { Transaction } from "../../store.ts";
import { Connection } from "../connection.ts";

/** Runs the work on an empty database in memory, which is gone afterwards. */
export async function withScratchDatabase<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
  const connection = new Connection(":memory:", { cacheKiB: 2_000 });
  try {
    return await work({
      all: async (statement) => connection.all(toQuery(statement)),
      first: async (statement) => connection.first(toQuery(statement)),
      run: async (statement) => connection.run(toQuery(statement)),
      afterCommit: () => {},
    });
  } finally {
    connection.close();
  }
}
