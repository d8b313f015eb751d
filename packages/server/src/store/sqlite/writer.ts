import { toQuery } from "../sql.ts";
import { StoreError, type Transaction, type WriteBracket, type WriteOptions } from "../store.ts";
import type { Connection } from "./connection.ts";

/** A group of at least `MIN_GROUP_SIZE` jobs ends after `MAX_GROUP_MS`: a flood of writes must not hold up streams. */
const MIN_GROUP_SIZE = 16;
const MAX_GROUP_MS = 4;
/** How long one transaction runs before other requests get a turn, in milliseconds. It stays open meanwhile. */
const MAX_TURN_MS = 8;
/** How long the writer waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;

interface Job {
  readonly work: (tx: Transaction) => Promise<unknown>;
  readonly alone: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

interface CompletedJob {
  readonly job: Job;
  readonly value: unknown;
  readonly callbacks: readonly (() => void)[];
}

/**
 * The one writer. Jobs wait in a queue; those that wait in one turn of the loop share a commit, and so its fsync. Each runs
 * in a savepoint, so that a failure rolls back only that job.
 */
export class Writer {
  readonly #connection: Connection;
  readonly #onCommit: () => void;
  readonly #turns = new Turns();
  /** Runs in each transaction. */
  bracket: WriteBracket | undefined;
  #queue: Job[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(connection: Connection, onCommit: () => void) {
    this.#connection = connection;
    this.#onCommit = onCommit;
  }

  async write<T>(work: (tx: Transaction) => Promise<T>, { alone = false }: WriteOptions = {}): Promise<T> {
    if (this.#closed) throw new StoreError("closed", "the database is closed");
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, alone, resolve: resolve as (value: unknown) => void, reject });
      this.#running ??= this.#run();
    });
  }

  /** Runs the work while no transaction is open and none can start. */
  async pause<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running) await this.#running;
    const result = work();
    const resume = (): void => {
      this.#running = this.#queue.length > 0 ? this.#run() : undefined;
    };
    this.#running = result.then(resume, resume);
    return result;
  }

  /** Finishes the waiting jobs; later writes reject. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        // After a turn of the loop, requests that arrived together join one group, and sockets are served between groups.
        await new Promise((resolve) => setImmediate(resolve));
        this.#turns.begin();
        await this.#commitGroup();
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #commitGroup(): Promise<void> {
    try {
      await this.#begin();
    } catch (error) {
      for (const job of this.#queue.splice(0)) job.reject(error);
      return;
    }
    const completed: CompletedJob[] = [];
    const deadline = performance.now() + MAX_GROUP_MS;
    for (let ran = 0; this.#queue.length > 0 && this.#connection.inTransaction; ran += 1) {
      if (ran > 0 && (this.#queue[0]!.alone || (ran >= MIN_GROUP_SIZE && performance.now() > deadline))) break;
      const job = this.#queue.shift()!;
      await this.#runJob(job, completed);
      if (job.alone) break;
    }

    if (completed.length === 0) return this.#rollBack();
    try {
      if (this.bracket) this.#connection.exec(this.bracket.end);
      this.#connection.exec("COMMIT");
    } catch (error) {
      this.#rollBack();
      for (const { job } of completed) job.reject(error);
      return;
    }
    for (const { callbacks } of completed) for (const callback of callbacks) callback();
    for (const { job, value } of completed) job.resolve(value);
    this.#onCommit();
  }

  async #runJob(job: Job, completed: CompletedJob[]): Promise<void> {
    const connection = this.#connection;
    const callbacks: (() => void)[] = [];
    try {
      // A savepoint keeps a copy of each page that is written, and in a large transaction SQLite walks through all of them
      // after each statement. A job that is alone is rolled back with its transaction.
      if (!job.alone) connection.exec("SAVEPOINT work");
      const value = await job.work(transactionOn(connection, callbacks, this.#turns));
      if (!job.alone) connection.exec("RELEASE work");
      completed.push({ job, value, callbacks });
    } catch (error) {
      job.reject(error);
      if (!job.alone && connection.inTransaction && this.#undo()) return;
      // A full disk or an I/O error rolled back the whole group, not just this job; the jobs that wait get a new group.
      this.#rollBack();
      for (const other of completed.splice(0)) other.job.reject(error);
    }
  }

  /** Rolls back the job in progress. @returns `false` if that fails */
  #undo(): boolean {
    try {
      this.#connection.exec("ROLLBACK TO work");
      this.#connection.exec("RELEASE work");
      return true;
    } catch {
      return false;
    }
  }

  /** Ends the transaction, if there is one. If that fails, the next `#begin` tries again. */
  #rollBack(): void {
    try {
      if (this.#connection.inTransaction) this.#connection.exec("ROLLBACK");
    } catch {
      // The error that led here is the one to report.
    }
  }

  /** Waits for another process's lock; unlike a busy timeout, without blocking the loop. */
  async #begin(): Promise<void> {
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
      this.#rollBack();
      try {
        this.#connection.exec("BEGIN IMMEDIATE");
        if (this.bracket) this.#connection.exec(this.bracket.begin);
        return;
      } catch (error) {
        if (!(error instanceof StoreError) || error.kind !== "busy" || performance.now() > deadline) throw error;
        await Bun.sleep(wait);
      }
    }
  }
}

/** Gives the other requests a turn of the loop while a transaction is long: they read, and only other writers wait. */
class Turns {
  #startedAt = 0;
  #next: Promise<void> | undefined;

  begin(): void {
    this.#startedAt = performance.now();
  }

  /** `undefined` while there is time left. */
  next(): Promise<void> | undefined {
    if (this.#next || performance.now() - this.#startedAt < MAX_TURN_MS) return this.#next;
    this.#next = new Promise((resolve) => {
      setImmediate(() => {
        this.#next = undefined;
        this.begin();
        resolve();
      });
    });
    return this.#next;
  }
}

function transactionOn(connection: Connection, callbacks: (() => void)[], turns: Turns): Transaction {
  /** Statements of one transaction run in the order of the calls. */
  const inTurn = async <Result>(run: () => Result): Promise<Result> => {
    const turn = turns.next();
    if (turn) await turn;
    return run();
  };
  return {
    all: (statement) => inTurn(() => connection.all(toQuery(statement))),
    first: (statement) => inTurn(() => connection.first(toQuery(statement))),
    run: (statement) => inTurn(() => connection.run(toQuery(statement))),
    afterCommit: (callback) => void callbacks.push(callback),
  };
}
