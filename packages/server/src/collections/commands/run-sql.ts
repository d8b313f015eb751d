import pLimit from "p-limit";
import { guardTables, logForeignWrites, SCRIPT_GUARD } from "../../log/foreign-writes.ts";
import { runScript, type ScriptLimits } from "../../store/sqlite/sql/run-script.ts";
import type { SqlAnswer, SqlJob } from "../../store/sqlite/sql/sql-messages.ts";
import { isCutQuery, type Store } from "../../store/store.ts";
import { loadSchema, type Registry } from "../model/registry.ts";
import { ANYTHING, COLLECTIONS } from "../model/log-collection-change.ts";

/** Scripts that read at the same time. They are a superuser's, who works by hand. */
const MAX_READING = 2;
/** Words that PocketBase takes for the beginning of a script that writes, which answers without rows. */
const WRITES = /^(?:INSERT|CREATE|UPDATE|DELETE|DROP|DETACH|ALTER|REPLACE)/i;

export interface SqlLimits extends ScriptLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
}

export interface SqlRunnerOptions {
  readonly store: Store;
  readonly registry: Registry;
  /** The database file. */
  readonly path: string;
}

/**
 * Runs SQL scripts of superusers, each in a process of its own that takes no time of this one. A script that writes does
 * so in one transaction while the server's own writes wait. It writes no changes to the log. If it changed anything that
 * is a collection's, the log gets one entry that says so, and all listeners and client views start over.
 */
export class SqlRunner {
  readonly #options: SqlRunnerOptions;
  readonly #reading = pLimit(MAX_READING);
  readonly #outcomes = new Map<string, number>();

  constructor(options: SqlRunnerOptions) {
    this.#options = options;
  }

  /** How many scripts ended how, for metrics: `done`, `shortened` to the rows allowed, `cut`, `failed`. */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#outcomes;
  }

  /** @throws StoreError with the engine's message, or `overrun` */
  async run(text: string, limits: SqlLimits): Promise<SqlAnswer> {
    try {
      const answer = await this.#run(text.trim(), limits);
      this.#count(limits.maxRows > 0 && answer.rows.length >= limits.maxRows ? "shortened" : "done");
      return answer;
    } catch (error) {
      this.#count(isCutQuery(error) ? "cut" : "failed");
      throw error;
    }
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  async #run(script: string, limits: SqlLimits): Promise<SqlAnswer> {
    if (WRITES.test(script)) return this.#write(script, limits, false);
    const job = this.#job(script, "read", true, limits);
    const answer = await this.#reading(() => runScript(job, limits));
    return answer ?? this.#write(script, limits, true);
  }

  /** Nobody can leave it half done: it goes on when its client has left. */
  async #write(script: string, limits: SqlLimits, returnsRows: boolean): Promise<SqlAnswer> {
    const { store, registry } = this.#options;
    const job = this.#job(script, "write", returnsRows, limits);
    const answer = await store.lend(() => runScript(job, { ...limits, signal: undefined }));
    // The next request finds the collections as the script has left them.
    await store.write(
      async (tx) => {
        const schema = await loadSchema(tx);
        await guardTables(tx);
        tx.afterCommit(() => registry.replace(schema));
      },
      { alone: true },
    );
    return answer!;
  }

  #job(
    script: string,
    mode: SqlJob["mode"],
    returnsRows: boolean,
    { maxRows, maxBytes }: SqlLimits,
  ): Omit<SqlJob, "alarmSeconds"> {
    const guard = { ...SCRIPT_GUARD, afterWrite: logForeignWrites(COLLECTIONS, ANYTHING) };
    return { path: this.#options.path, script, mode, returnsRows, maxRows, maxBytes, guard };
  }
}
