import { isInTransaction } from "../../records/hooks/hook-scope.ts";
import { defineTask, type TaskHandler, type TaskOptions } from "../../tasks/definition.ts";
import type { Task } from "../../tasks/task.ts";
import type { StartOptions } from "../../tasks/tasks.ts";
import type { Extension } from "../context/registrations.ts";
import type { AppContext } from "../context/app-context.ts";
import type { OpenTransaction } from "../records/serial-transaction.ts";

export type StartTaskOptions = Pick<StartOptions, "idempotencyKey" | "delay">;

export interface StartableTasks {
  /**
   * Asks for a task to be done.
   *
   * @throws ApiError 404 for a name that nothing is defined for, 400 for an input that it does not take
   */
  start(name: string, input?: unknown, options?: StartTaskOptions): Promise<Task>;
}

export interface DefinableTasks extends StartableTasks {
  /**
   * Says how tasks of a name are done. They begin when the server listens.
   *
   * @param handler a module whose default export is the handler runs in a thread of its own, for work that computes
   * @throws UserError for a name that is defined already, TypeError for options that make no sense
   */
  define<Input = unknown>(name: string, handler: TaskHandler<NoInfer<Input>> | URL, options?: TaskOptions<Input>): void;
  get(id: string): Promise<Task | undefined>;
  /** Ends a task that is not over yet; its handler learns of it by its signal. */
  cancel(id: string): Promise<Task | undefined>;
}

export const definableTasks = ({ core: { tasks } }: AppContext, extension: Extension): DefinableTasks => ({
  define(name, handler, options) {
    extension.tasks.add(defineTask(name, handler, options));
  },
  async start(name, input, options) {
    if (isInTransaction()) throw new Error("In a transaction a task is started by its tx.");
    return tasks.start(name, input, options);
  },
  get: (id) => tasks.find(id),
  cancel: (id) => tasks.cancel(id),
});

/** In a transaction that is open. */
export const startIn = ({ core: { tasks } }: AppContext, open: OpenTransaction): StartableTasks => ({
  start: (name, input, options) => open.write((tx) => tasks.startIn(tx, name, input, options)),
});
