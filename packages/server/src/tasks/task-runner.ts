import { type AttemptResult, attemptTask } from "./attempt.ts";
import { backoffAfter, type Definition, KEEP_MS } from "./definition.ts";
import type { Definitions } from "./definitions.ts";
import type { TaskEventWriter } from "./task-event-writer.ts";
import { TaskQueues } from "./task-queues.ts";
import type { Outcome, Task, TaskError } from "./task.ts";
import { beginTask, endTask, type OpenTask, openTasks, requeueTask } from "./task-table.ts";
import type { TaskHistories } from "./task-histories.ts";
import type { Store } from "../store/store.ts";

export interface RunnerOptions {
  readonly store: Store;
  readonly definitions: Definitions;
  readonly journal: TaskEventWriter;
  readonly views: TaskHistories;
  readonly onError: (error: unknown, task: Pick<Task, "id" | "name">) => void;
}

const INTERRUPTED: TaskError = { code: "interrupted", message: "The server ended while the task was at work." };
const CANCELLED: TaskError = { code: "cancelled", message: "The task was cancelled." };

/** How long a handler whose task was cancelled keeps its place, if it does not look at its signal, in milliseconds. */
const GRACE_MS = 1_000;

interface Active {
  readonly abort: AbortController;
  /** Resolves when its place is free. */
  readonly over: Promise<void>;
  /** Waits for it no longer. */
  readonly giveUp: () => void;
}

/** Begins tasks when there is a place for them, and ends them or tries again, by the policy of their name. */
export class TaskRunner {
  readonly #options: RunnerOptions;
  readonly #queues = new TaskQueues((name) => this.wake(name));
  readonly #active = new Map<string, Active>();
  /** What the end of the last server interrupted, until its name is defined. */
  #interrupted: OpenTask[] = [];
  #state: "idle" | "running" | "stopping" = "idle";

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** How many are at work. */
  get active(): number {
    return this.#active.size;
  }

  /** From now on tasks are done, those of the last server first. */
  async begin(): Promise<void> {
    this.#state = "running";
    const open = await openTasks(this.#options.store);
    this.#interrupted = open.filter(({ state, id }) => state === "running" && !this.#active.has(id));
    for (const { id, name, state, due } of open) if (state === "queued") this.#queues.add(name, id, due, Date.now());
    for (const name of new Set(this.#interrupted.map((task) => task.name))) this.wake(name);
  }

  /** A task that was started. */
  add(name: string, id: string, due: number): void {
    if (this.#state === "running") this.#queues.add(name, id, due, Date.now());
  }

  /** Looks whether a task of this name can begin. */
  wake(name: string): void {
    const definition = this.#options.definitions.find(name);
    if (!definition || this.#state !== "running") return;
    this.#recover(definition);
    for (let id; (id = this.#queues.take(name, definition.concurrency)) !== undefined;) this.#begin(definition, id);
  }

  /** Ends a task that is not over yet. Its handler learns of it by its signal. @returns whether that ended it */
  async cancel({ id, name }: Pick<Task, "id" | "name">): Promise<boolean> {
    this.#options.journal.open(id, this.#options.views.lastOf(id));
    this.#interrupted = this.#interrupted.filter((task) => task.id !== id);
    const ended = this.#end(this.#options.definitions.find(name), id, { state: "cancelled", error: CANCELLED });
    const active = this.#active.get(id);
    active?.abort.abort(new Error(CANCELLED.message));
    if (active) setTimeout(active.giveUp, GRACE_MS).unref();
    return ended;
  }

  /** Begins nothing more, and gives what is at work so long to come to its end. */
  async stop(milliseconds: number): Promise<void> {
    this.#state = "stopping";
    this.#queues.stop();
    for (const { abort } of this.#active.values()) abort.abort(new Error(INTERRUPTED.message));
    const over = Promise.all([...this.#active.values()].map((active) => active.over));
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, milliseconds);
    await Promise.race([over, timeout.promise]);
    clearTimeout(timer);
  }

  #begin(definition: Definition, id: string): void {
    const { name } = definition;
    const abort = new AbortController();
    const givenUp = Promise.withResolvers<void>();
    const attempt = this.#attempt(definition, id, abort.signal).catch((error: unknown) =>
      this.#options.onError(error, { id, name }),
    );
    const over = Promise.race([attempt, givenUp.promise]).finally(() => {
      this.#active.delete(id);
      this.#queues.leave(name);
    });
    this.#active.set(id, { abort, over, giveUp: givenUp.resolve });
  }

  async #attempt(definition: Definition, id: string, signal: AbortSignal): Promise<void> {
    const { store, journal, views, onError } = this.#options;
    const task = await store.write((tx) => beginTask(tx, id, Date.now()));
    if (!task) return;
    if (signal.aborted) return this.#putBack(task);
    journal.open(id, views.lastOf(id));
    const telling = {
      tell: journal.tell.bind(journal, id),
      flushed: () => journal.flushed(),
    };
    const result = await attemptTask(definition, task, telling, signal);
    if ("error" in result && !signal.aborted) onError(new Error(result.error.message), task);
    await this.#settle(definition, task, result);
  }

  async #settle(definition: Definition, task: Task, result: AttemptResult): Promise<void> {
    if ("output" in result) {
      await this.#end(definition, task.id, { state: "completed", output: result.output });
    } else if (this.#state === "stopping" && definition.attempts > 1) {
      await this.#putBack(task);
    } else {
      const error = this.#state === "stopping" ? INTERRUPTED : result.error;
      await this.#fail(definition, task, error);
    }
  }

  /** The end of the server is not the fault of the task: the attempt does not count. */
  async #putBack({ id, attempt }: Task): Promise<void> {
    await this.#options.store.write((tx) => requeueTask(tx, id, attempt - 1, Date.now()));
  }

  /** Tries again, if that is left. */
  async #fail(definition: Definition, { id, attempt }: Pick<Task, "id" | "attempt">, error: TaskError): Promise<void> {
    const { attempts, name } = definition;
    if (attempt >= attempts) {
      await this.#end(definition, id, { state: "failed", error });
      return;
    }
    const due = Date.now() + backoffAfter(attempt, definition);
    const told = { error: error.message, code: error.code, attempt, attempts, retry_at: new Date(due).toISOString() };
    const retries = await this.#options.journal.turn(id, "task_retrying", told, (tx) =>
      requeueTask(tx, id, attempt, due),
    );
    if (retries) this.#queues.add(name, id, due, Date.now());
  }

  /** @returns `false` for a task that has ended already */
  #end(definition: Definition | undefined, id: string, outcome: Outcome): Promise<boolean> {
    const now = Date.now();
    const expires = now + (definition?.keep ?? KEEP_MS);
    const kind = outcome.state === "completed" ? "task_completed" : "task_failed";
    const told =
      outcome.state === "completed"
        ? (outcome.output ?? {})
        : { error: outcome.error.message, code: outcome.error.code };
    return this.#options.journal.turn(id, kind, told, (tx, number) =>
      endTask(tx, id, outcome, { now, expires, told: number }),
    );
  }

  /** An attempt that the end of a server interrupted was one. */
  #recover(definition: Definition): void {
    const own = this.#interrupted.filter(({ name }) => name === definition.name);
    if (own.length === 0) return;
    this.#interrupted = this.#interrupted.filter(({ name }) => name !== definition.name);
    const { journal, views, onError } = this.#options;
    for (const task of own) {
      journal.open(task.id, views.lastOf(task.id));
      this.#fail(definition, task, INTERRUPTED).catch((error: unknown) => onError(error, task));
    }
  }
}
