/** A process that runs one script of a superuser for the server, which ends it when it takes too long. */
import { setPriority } from "node:os";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { endWithParent, openAlarm } from "../../../lib/process-signals.ts";
import { Authorizer } from "./authorizer.ts";
import { type ScriptValue, toGoText } from "./go-text.ts";
import type { SqlAnswer, SqlColumn, SqlGuard, SqlJob, SqlReply } from "./sql-messages.ts";
import { type ScriptStatement, splitStatements } from "./statements.ts";

const NICENESS = 10;
const NOTHING: SqlAnswer = { columns: [], rows: [], affectedRows: 0 };

/** Thrown out of a script that was taken for one that reads. */
class Writes extends Error {}

endWithParent();
process.on("disconnect", () => process.exit());
const alarm = openAlarm();
process.once("message", (job: SqlJob) => {
  alarm(job.alarmSeconds);
  try {
    reply({ kind: "done", answer: job.mode === "read" ? read(job) : write(job) });
  } catch (error) {
    reply(error instanceof Writes ? { kind: "writes" } : { kind: "error", message: messageOf(error) });
  }
});

function open({ path }: SqlJob): DatabaseSync {
  const database = new DatabaseSync(path);
  // As the server's own connections, except that only the server moves the WAL into the database file.
  for (const setting of ["busy_timeout=10000", "wal_autocheckpoint=0", "synchronous=FULL", "foreign_keys=ON"])
    database.exec(`PRAGMA ${setting}`);
  for (const setting of ["secure_delete=ON", "temp_store=MEMORY", "cache_size=-32000"])
    database.exec(`PRAGMA ${setting}`);
  database.enableDefensive(true);
  return database;
}

/** It may write nothing; a script that would is not begun. */
function read(job: SqlJob): SqlAnswer {
  setPriority(NICENESS);
  const database = open(job);
  database.exec("PRAGMA query_only=ON");
  database.exec("BEGIN");
  const authorizer = new Authorizer(job.guard);
  database.setAuthorizer(authorizer.check);
  let answer = NOTHING;
  for (const statement of splitStatements(job.script)) {
    const prepared = prepare(database, authorizer, statement);
    if (authorizer.writes) throw new Writes();
    answer = rowsOf(prepared, job);
  }
  return answer;
}

function write(job: SqlJob): SqlAnswer {
  const database = open(job);
  database.exec("BEGIN IMMEDIATE");
  const shape = shapeOf(database, job.guard);
  const authorizer = new Authorizer(job.guard);
  database.setAuthorizer(authorizer.check);
  let answer = NOTHING;
  for (const statement of splitStatements(job.script)) {
    answer = rowsOf(prepare(database, authorizer, statement), job);
  }
  database.setAuthorizer(null);
  const [changes] = database.prepare("SELECT changes() AS n").all();
  const affectedRows = Number(changes?.["n"] ?? 0);
  if (shapeOf(database, job.guard) !== shape) database.exec(job.guard.afterShapeChange);
  for (const text of job.guard.afterWrite) database.exec(text);
  alarm(0);
  reply({ kind: "committing" });
  database.exec("COMMIT");
  database.close();
  return job.returnsRows ? answer : { ...NOTHING, affectedRows };
}

function prepare(database: DatabaseSync, authorizer: Authorizer, { text, parameter }: ScriptStatement): StatementSync {
  if (parameter !== undefined) throw new Error(missing(parameter));
  authorizer.begin();
  try {
    const statement = database.prepare(text);
    authorizer.assertHarmless(text);
    return statement;
  } catch (error) {
    throw authorizer.refusal === undefined ? error : new Error(authorizer.refusal, { cause: error });
  }
}

const missing = (parameter: string): string =>
  parameter.startsWith("?") ? "missing argument with index 1" : `missing named argument "${parameter.slice(1)}"`;

function rowsOf(statement: StatementSync, { maxRows, maxBytes }: SqlJob): SqlAnswer {
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const columns: SqlColumn[] = statement
    .columns()
    .map(({ name, type }) => ({ name, type: (type ?? "").toUpperCase() }));
  const rows: (string | null)[][] = [];
  let bytes = 0;
  // A statement that writes does all of it before its first row.
  for (const row of statement.iterate() as Iterable<readonly ScriptValue[]>) {
    if (maxRows > 0 && rows.length >= maxRows) break;
    const texts = Array.from(row, (value, i) => toGoText(value, columns[i]!.type));
    bytes += texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
    if (maxBytes > 0 && bytes > maxBytes) throw new Error(`the rows are larger than --max-answer-mb allows`);
    rows.push(texts);
  }
  return { columns, rows, affectedRows: 0 };
}

const shapeOf = (database: DatabaseSync, { shape }: SqlGuard): string => JSON.stringify(database.prepare(shape).all());

/** An error of the engine as PocketBase's driver words it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errcode, errstr } = error as { errcode?: unknown; errstr?: unknown };
  if (typeof errcode !== "number") return error.message;
  const kind = KINDS[errcode & 0xff] ?? (typeof errstr === "string" ? errstr : "SQL logic error");
  return kind === error.message ? `${kind} (${errcode})` : `${kind}: ${error.message} (${errcode})`;
}

const KINDS: Readonly<Record<number, string>> = { 1: "SQL logic error", 19: "constraint failed" };

function reply(message: SqlReply): void {
  process.send!(message);
}
