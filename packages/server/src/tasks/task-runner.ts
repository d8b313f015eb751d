import { type AttemptResult, attemptTask, type TaskLimits } from "./attempt.ts";
import { backoffAfter, type Definition, KEEP_MS } from "./definition.ts";
import type { Definitions } from "./definitions.ts";
import type { TaskEventWriter } from "./task-event-writer.ts";
import { TaskQueues } from "./task-queues.ts";
import type { Outcome, Task, TaskError } from "./task.ts";
import { claimTask, endTask, type OpenTask, openTasks, requeueTask } from "./task-table.ts";
import type { TaskHistories } from "./task-histories.ts";
import { isOutage, type Store } from "../store/store.ts";

export interface TaskRunnerOptions {
  readonly store: Store;
  readonly definitions: Definitions;
  readonly eventWriter: TaskEventWriter;
  readonly histories: TaskHistories;
  readonly limits: TaskLimits;
  readonly onError: (error: unknown, task: Pick<Task, "id" | "name">) => void;
}

const INTERRUPTED: TaskError = { code: "interrupted", message: "The server stopped while the task was running." };
const CANCELLED: TaskError = { code: "cancelled", message: "The task was cancelled." };

/** How long a cancelled task keeps its slot if its handler ignores the signal, in milliseconds. */
const GRACE_MS = 1_000;

/** Milliseconds before a failed write is retried. */
const RETRY_MS = 1_000;

interface Active {
  readonly abort: AbortController;
  /** Resolves when its slot is free. */
  readonly finished: Promise<void>;
  /** Frees its slot at once. */
  readonly giveUp: () => void;
}

/** Runs queued tasks as slots become free, and retries or ends them as their definition says. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #queues = new TaskQueues((name) => this.wake(name));
  readonly #active = new Map<string, Active>();
  /** Tasks that were running when the last server stopped, until their name is defined. */
  #interrupted: OpenTask[] = [];
  #state: "idle" | "running" | "stopping" = "idle";

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /** How many tasks are running. */
  get active(): number {
    return this.#active.size;
  }

  /** Starts running tasks. Those that an earlier server left come first. */
  async start(): Promise<void> {
    this.#state = "running";
    const open = await openTasks(this.#options.store);
    this.#interrupted = open.filter(({ state, id }) => state === "running" && !this.#active.has(id));
    for (const { id, name, state, due } of open) if (state === "queued") this.#queues.add(name, id, due, Date.now());
    for (const name of new Set(this.#interrupted.map((task) => task.name))) this.wake(name);
  }

  /** Queues a new task. */
  add(name: string, id: string, due: number): void {
    if (this.#state === "running") this.#queues.add(name, id, due, Date.now());
  }

  /** Runs waiting tasks of this name, as far as there are free slots. */
  wake(name: string): void {
    const definition = this.#options.definitions.find(name);
    if (!definition || this.#state !== "running") return;
    this.#recover(definition);
    for (let id; (id = this.#queues.take(name, definition.concurrency)) !== undefined;)
      this.#startAttempt(definition, id);
  }

  /** Cancels a task and aborts its handler's signal. @returns `false` if the task had already ended */
  async cancel({ id, name }: Pick<Task, "id" | "name">): Promise<boolean> {
    this.#options.eventWriter.open(id, this.#options.histories.lastOf(id));
    this.#interrupted = this.#interrupted.filter((task) => task.id !== id);
    const ended = this.#end(this.#options.definitions.find(name), id, { state: "cancelled", error: CANCELLED });
    const active = this.#active.get(id);
    active?.abort.abort(new Error(CANCELLED.message));
    if (active) setTimeout(active.giveUp, GRACE_MS).unref();
    return ended;
  }

  /** Starts no more tasks, aborts the signals of running ones, and waits at most this long for them to end. */
  async stop(milliseconds: number): Promise<void> {
    this.#state = "stopping";
    this.#queues.stop();
    for (const { abort } of this.#active.values()) abort.abort(new Error(INTERRUPTED.message));
    const allFinished = Promise.all([...this.#active.values()].map((active) => active.finished));
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, milliseconds);
    await Promise.race([allFinished, timeout.promise]);
    clearTimeout(timer);
  }

  #startAttempt(definition: Definition, id: string): void {
    const { name } = definition;
    const abort = new AbortController();
    const givenUp = Promise.withResolvers<void>();
    const attempt = this.#runAttempt(definition, id, abort.signal).catch((error: unknown) =>
      this.#options.onError(error, { id, name }),
    );
    const finished = Promise.race([attempt, givenUp.promise]).finally(() => {
      this.#active.delete(id);
      this.#queues.release(name);
    });
    this.#active.set(id, { abort, finished, giveUp: givenUp.resolve });
  }

  async #runAttempt(definition: Definition, id: string, signal: AbortSignal): Promise<void> {
    const { store, eventWriter, histories, limits, onError } = this.#options;
    const task = await this.#claim(definition, id);
    if (!task) return;
    if (signal.aborted) {
      await store.write((tx) => requeueTask(tx, id, task.attempt - 1, Date.now()));
      return;
    }
    eventWriter.open(id, histories.lastOf(id));
    const events = {
      append: eventWriter.append.bind(eventWriter, id),
      flushed: () => eventWriter.flushed(),
    };
    const result = await attemptTask(definition, task, events, signal, limits);
    if ("error" in result && !signal.aborted) onError(new Error(result.error.message), task);
    await this.#settle(definition, task, result);
  }

  /** Tries again while the database can't be written: nothing else would start the task. */
  async #claim({ name }: Definition, id: string): Promise<Task | undefined> {
    const { store, onError } = this.#options;
    for (;;) {
      try {
        return await store.write((tx) => claimTask(tx, id, Date.now()));
      } catch (error) {
        onError(error, { id, name });
        if (this.#state !== "running" || !isOutage(error)) return undefined;
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  async #settle(definition: Definition, task: Task, result: AttemptResult): Promise<void> {
    if ("output" in result) {
      await this.#end(definition, task.id, { state: "completed", output: result.output });
    } else if (this.#state === "stopping" && definition.attempts > 1) {
      await this.#retry(definition, task, INTERRUPTED, { uses: task.attempt - 1, wait: 0 });
    } else {
      const error = this.#state === "stopping" ? INTERRUPTED : result.error;
      await this.#failOrRetry(definition, task, error);
    }
  }

  /** Retries the task if it has attempts left. */
  async #failOrRetry(definition: Definition, task: Pick<Task, "id" | "attempt">, error: TaskError): Promise<void> {
    const { attempt } = task;
    if (attempt < definition.attempts) {
      await this.#retry(definition, task, error, { uses: attempt, wait: backoffAfter(attempt, definition) });
    } else {
      await this.#end(definition, task.id, { state: "failed", error });
    }
  }

  /**
   * Returns the task to the queue and says so: listeners may have half of what the attempt sent.
   *
   * @param uses how many attempts are used up: one that a graceful stop ended does not count
   * @param wait milliseconds before the next attempt
   */
  async #retry(
    { attempts, name }: Definition,
    { id, attempt }: Pick<Task, "id" | "attempt">,
    error: TaskError,
    { uses, wait }: { readonly uses: number; readonly wait: number },
  ): Promise<void> {
    const due = Date.now() + wait;
    const data = { error: error.message, code: error.code, attempt, attempts, retry_at: new Date(due).toISOString() };
    const isRetrying = await this.#options.eventWriter.appendTransition(id, "task_retrying", data, (tx) =>
      requeueTask(tx, id, uses, due),
    );
    if (isRetrying && this.#state === "running") this.#queues.add(name, id, due, Date.now());
  }

  /** @returns `false` if the task had already ended */
  #end(definition: Definition | undefined, id: string, outcome: Outcome): Promise<boolean> {
    const now = Date.now();
    const expires = now + (definition?.keep ?? KEEP_MS);
    const kind = outcome.state === "completed" ? "task_completed" : "task_failed";
    const data =
      outcome.state === "completed"
        ? (outcome.output ?? {})
        : { error: outcome.error.message, code: outcome.error.code };
    return this.#options.eventWriter.appendTransition(id, kind, data, (tx, number) =>
      endTask(tx, id, outcome, { now, expires, lastEvent: number }),
    );
  }

  /** Retries or fails the interrupted tasks of this definition. The interrupted attempt counts. */
  #recover(definition: Definition): void {
    const own = this.#interrupted.filter(({ name }) => name === definition.name);
    if (own.length === 0) return;
    this.#interrupted = this.#interrupted.filter(({ name }) => name !== definition.name);
    const { eventWriter, histories, onError } = this.#options;
    for (const task of own) {
      eventWriter.open(task.id, histories.lastOf(task.id));
      this.#failOrRetry(definition, task, INTERRUPTED).catch((error: unknown) => onError(error, task));
    }
  }
}
