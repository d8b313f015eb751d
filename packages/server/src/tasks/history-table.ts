import { readEntryRange, readHead } from "../log/change-log.ts";
import type { LogEntry } from "../log/log-entry.ts";
import { sql } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { TaskHistory } from "./task-history.ts";
import { TASKS } from "./task-event.ts";

/** A task's history as the database has it. */
export interface StoredHistory {
  readonly id: string;
  readonly history: TaskHistory;
  /** It holds all events up to this seq of the log. */
  readonly savedTo: number;
}

export async function readHistory(reader: Reader, id: string): Promise<TaskHistory | undefined> {
  const row = await reader.first(sql`SELECT history FROM _tasks WHERE id = ${id}`);
  return row && TaskHistory.decode(row["history"] as string);
}

/** The stored histories of tasks that may have later events in the log. */
export async function readUnsavedHistories(reader: Reader): Promise<StoredHistory[]> {
  const rows = await reader.all(sql`
    SELECT id, history, saved_seq FROM _tasks WHERE saved_event < last_event
    UNION ALL
    SELECT id, history, saved_seq FROM _tasks
    WHERE saved_event >= last_event AND (state = 'running' OR (state = 'queued' AND started IS NOT NULL))`);
  return rows.map((row) => ({
    id: row["id"] as string,
    history: TaskHistory.decode(row["history"] as string),
    savedTo: row["saved_seq"] as number,
  }));
}

export const saveHistory = (tx: Transaction, id: string, history: TaskHistory, savedTo: number): Promise<number> =>
  tx.run(
    sql`UPDATE _tasks SET history = ${history.encode()}, saved_event = ${history.last}, saved_seq = ${savedTo}
      WHERE id = ${id}`,
  );

/** Changes that are read at a time. */
const CHANGES_PER_READ = 256;

/** The changes after a seq, in order, those of records included. */
export async function* taskChanges(reader: Reader, after: number): AsyncGenerator<LogEntry> {
  const head = await readHead(reader);
  for (let seq = after; ;) {
    const changes = await readEntryRange(reader, { after: seq, upTo: head, limit: CHANGES_PER_READ });
    yield* changes;
    if (changes.length < CHANGES_PER_READ) return;
    seq = changes.at(-1)!.seq;
  }
}

/**
 * Deletes task changes that all histories have saved, at most `limit` at a time. The oldest row of the log stays: its
 * seq shows clients that follow records how far back they can resume.
 *
 * @param from there are no task changes before this seq
 * @returns the seq before which there are no task changes now
 */
export async function deleteSavedChanges(tx: Transaction, from: number, below: number, limit: number): Promise<number> {
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
