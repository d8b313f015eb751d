import type { JsonValue } from "@headwater/protocol";
import { type Row, type Sql, sql } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { Outcome, Task, TaskError, TaskState } from "./task.ts";

/** A task that is about to be stored. */
export interface NewTask extends Pick<Task, "id" | "name" | "owner" | "input" | "created"> {
  /** The idempotency key: starting the task again with it returns the first one. */
  readonly key: string | undefined;
  /** When it may start, in milliseconds since 1970. */
  readonly due: number;
}

export const insertTask = (tx: Transaction, { id, name, owner, input, created, key, due }: NewTask): Promise<number> =>
  tx.run(sql`
    INSERT INTO _tasks (id, name, owner, key, state, input, created, due, saved_seq)
    VALUES (${id}, ${name}, ${owner}, ${key ?? null}, 'queued', ${JSON.stringify(input)}, ${created}, ${due},
      coalesce((SELECT seq FROM sqlite_sequence WHERE name = '_changes'), 0))`);

const COLUMNS = sql`id, name, owner, state, attempt, input, output, error, created, started, ended`;

export const findTask = async (reader: Reader, id: string): Promise<Task | undefined> =>
  taskOf(await reader.first(sql`SELECT ${COLUMNS} FROM _tasks WHERE id = ${id}`));

export const findByKey = async (reader: Reader, name: string, owner: string, key: string): Promise<Task | undefined> =>
  taskOf(
    await reader.first(sql`SELECT ${COLUMNS} FROM _tasks WHERE name = ${name} AND owner = ${owner} AND key = ${key}`),
  );

export interface TaskFilter {
  readonly name?: string | undefined;
  readonly state?: string | undefined;
}

/** Newest first. */
export async function listTasks(
  reader: Reader,
  { name, state }: TaskFilter,
  { page, perPage }: { readonly page: number; readonly perPage: number },
): Promise<{ readonly items: readonly Task[]; readonly totalItems: number }> {
  const where: Sql = sql`WHERE (${name ?? null} IS NULL OR name = ${name ?? null})
    AND (${state ?? null} IS NULL OR state = ${state ?? null})`;
  const rows = await reader.all(
    sql`SELECT ${COLUMNS} FROM _tasks ${where} ORDER BY created DESC, id LIMIT ${perPage} OFFSET ${(page - 1) * perPage}`,
  );
  const counted = await reader.first(sql`SELECT count(*) AS count FROM _tasks ${where}`);
  return { items: rows.map((row) => taskOf(row)!), totalItems: Number(counted?.["count"]) };
}

/** A task that waits, or that was running when its server stopped. */
export interface OpenTask extends Pick<Task, "id" | "name" | "attempt"> {
  readonly state: "queued" | "running";
  readonly due: number;
}

/** Oldest first. */
export const openTasks = async (reader: Reader): Promise<OpenTask[]> =>
  (await reader.all(
    sql`SELECT id, name, attempt, state, due FROM _tasks WHERE state IN ('queued', 'running') ORDER BY created, id`,
  )) as unknown as OpenTask[];

/** Moves a task from `queued` to `running` and counts the attempt. @returns `undefined` if it is not queued */
export async function claimTask(tx: Transaction, id: string, now: number): Promise<Task | undefined> {
  return taskOf(
    await tx.first(
      sql`UPDATE _tasks SET state = 'running', attempt = attempt + 1, started = coalesce(started, ${now})
        WHERE id = ${id} AND state = 'queued' RETURNING ${COLUMNS}`,
    ),
  );
}

/** Moves a task from `running` to `queued`. @param attempt how many attempts it has used */
export const requeueTask = (tx: Transaction, id: string, attempt: number, due: number): Promise<number> =>
  tx.run(
    sql`UPDATE _tasks SET state = 'queued', attempt = ${attempt}, due = ${due} WHERE id = ${id} AND state = 'running'`,
  );

/** @param lastEvent the number of the task's last event */
export function endTask(
  tx: Transaction,
  id: string,
  outcome: Outcome,
  { now, expires, lastEvent }: { readonly now: number; readonly expires: number; readonly lastEvent: number },
): Promise<number> {
  const output = outcome.state === "completed" ? JSON.stringify(outcome.output) : null;
  const error = outcome.state === "completed" ? null : JSON.stringify(outcome.error);
  return tx.run(
    sql`UPDATE _tasks SET state = ${outcome.state}, output = ${output}, error = ${error}, ended = ${now},
      expires = ${expires}, last_event = ${lastEvent} WHERE id = ${id} AND state IN ('queued', 'running')`,
  );
}

/** Deletes ended tasks past their retention, once their histories are saved. @returns how many */
export const deleteExpired = (tx: Transaction, now: number, limit: number): Promise<number> =>
  tx.run(
    sql`DELETE FROM _tasks WHERE id IN
      (SELECT id FROM _tasks WHERE expires <= ${now} AND saved_event >= last_event ORDER BY expires LIMIT ${limit})`,
  );

function taskOf(row: Row | undefined): Task | undefined {
  if (!row) return undefined;
  return {
    id: row["id"] as string,
    name: row["name"] as string,
    owner: row["owner"] as string,
    state: row["state"] as TaskState,
    attempt: row["attempt"] as number,
    input: parse(row["input"]),
    output: parse(row["output"]),
    error: parse(row["error"]) as TaskError | null,
    created: row["created"] as number,
    started: row["started"] as number | null,
    ended: row["ended"] as number | null,
  };
}

const parse = (text: unknown): JsonValue => (typeof text === "string" ? (JSON.parse(text) as JsonValue) : null);
