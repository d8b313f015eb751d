import { readHead, readSpan } from "../log/change-log.ts";
import type { Change } from "../log/change.ts";
import { sql } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { TaskHistory } from "./task-history.ts";
import { TASKS } from "./task-event.ts";

/** What is stored of a task's history. */
export interface StoredHistory {
  readonly id: string;
  readonly history: TaskHistory;
  /** Whatever stands behind this seq in the log is not in it. */
  readonly foldedTo: number;
}

export async function readHistory(reader: Reader, id: string): Promise<TaskHistory | undefined> {
  const row = await reader.first(sql`SELECT history FROM _tasks WHERE id = ${id}`);
  return row && TaskHistory.decode(row["history"] as string);
}

/** Of tasks of whose events some may stand in the log alone. */
export async function readUnfolded(reader: Reader): Promise<StoredHistory[]> {
  const rows = await reader.all(sql`
    SELECT id, history, folded_to FROM _tasks WHERE folded < told
    UNION ALL
    SELECT id, history, folded_to FROM _tasks
    WHERE folded >= told AND (state = 'running' OR (state = 'queued' AND started IS NOT NULL))`);
  return rows.map((row) => ({
    id: row["id"] as string,
    history: TaskHistory.decode(row["history"] as string),
    foldedTo: row["folded_to"] as number,
  }));
}

export const saveHistory = (tx: Transaction, id: string, history: TaskHistory, foldedTo: number): Promise<number> =>
  tx.run(
    sql`UPDATE _tasks SET history = ${history.encode()}, folded = ${history.last}, folded_to = ${foldedTo}
      WHERE id = ${id}`,
  );

/** Changes read at a time. */
const BATCH = 256;

/** The changes of tasks behind a seq, in their order. */
export async function* taskChanges(reader: Reader, after: number): AsyncGenerator<Change> {
  const head = await readHead(reader);
  for (let seq = after; ;) {
    const changes = await readSpan(reader, seq, head, BATCH);
    yield* changes;
    if (changes.length < BATCH) return;
    seq = changes.at(-1)!.seq;
  }
}

/**
 * Takes from the log what all histories hold, some rows at a time. The oldest row of the log stays, since its place says
 * how far back the log goes for those who follow records.
 *
 * @param from nothing of tasks stands before it
 * @returns before which seq nothing of tasks stands now
 */
export async function removeFolded(tx: Transaction, from: number, below: number, limit: number): Promise<number> {
  const rows = await tx.all(
    sql`SELECT seq FROM _changes
      WHERE seq >= ${from} AND seq < ${below} AND collection = ${TASKS} AND seq > (SELECT min(seq) FROM _changes)
      ORDER BY seq LIMIT ${limit}`,
  );
  const last = Number(rows.at(-1)?.["seq"] ?? 0);
  await tx.run(
    sql`DELETE FROM _changes WHERE seq >= ${Number(rows[0]?.["seq"] ?? 1)} AND seq <= ${last} AND collection = ${TASKS}`,
  );
  return rows.length < limit ? below : last + 1;
}
