import { isInTransaction } from "../../records/model/hook-scope.ts";
import { defineTask, type TaskHandler, type TaskOptions } from "../../tasks/definition.ts";
import type { Task } from "../../tasks/task.ts";
import type { StartOptions } from "../../tasks/tasks.ts";
import type { Registrations } from "../context/registrations.ts";
import type { AppContext } from "../context/app-context.ts";
import type { SerialTransaction } from "../records/serial-transaction.ts";

export type StartTaskOptions = Pick<StartOptions, "idempotencyKey" | "delay">;

export interface StartableTasks {
  /**
   * Starts a task.
   *
   * @throws ApiError 404 if no task of that name is defined, 400 if its parser refuses the input
   */
  start(name: string, input?: unknown, options?: StartTaskOptions): Promise<Task>;
}

export interface DefinableTasks extends StartableTasks {
  /**
   * Defines how tasks of a name run. They run once the server listens.
   *
   * @param handler a function, or the URL of a module whose default export runs in a separate thread, for heavy computation
   * @throws UserError if the name is already defined, TypeError if an option is out of range
   */
  define<Input = unknown>(name: string, handler: TaskHandler<NoInfer<Input>> | URL, options?: TaskOptions<Input>): void;
  get(id: string): Promise<Task | undefined>;
  /** Cancels a task unless it has ended, and aborts its handler's signal. */
  cancel(id: string): Promise<Task | undefined>;
}

export const createTasks = ({ core: { tasks } }: AppContext, registrations: Registrations): DefinableTasks => ({
  define(name, handler, options) {
    registrations.tasks.add(defineTask(name, handler, options));
  },
  async start(name, input, options) {
    if (isInTransaction()) throw new Error("In a transaction, start tasks by its tx.");
    return tasks.start(name, input, options);
  },
  get: (id) => tasks.find(id),
  cancel: (id) => tasks.cancel(id),
});

export const transactionTasks = ({ core: { tasks } }: AppContext, transaction: SerialTransaction): StartableTasks => ({
  start: (name, input, options) => transaction.write((tx) => tasks.startIn(tx, name, input, options)),
});
