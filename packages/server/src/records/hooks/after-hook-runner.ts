import type { Schema } from "../../collections/model/schema.ts";
import type { Change } from "../../log/change.ts";
import { LogTail, type ReadPage } from "../../log/tail.ts";
import type { HookRegistry } from "../model/hook-registry.ts";
import { runAfterHooks } from "./run-hooks.ts";

export interface AfterHookRunnerOptions {
  readonly read: ReadPage;
  readonly hooks: HookRegistry;
  readonly schema: () => Schema;
  /** The seq of the last change that hooks registered just now don't get. */
  readonly head: () => number;
  readonly onError: (error: unknown, change: Change | undefined) => void;
}

/**
 * Runs the after hooks: follows the log and passes each change once, in order. It has its own reader of the log, so that
 * a slow hook delays no subscriber; the log holds what the hooks have yet to see. It is idle while there are no after
 * hooks.
 */
export class AfterHookRunner {
  readonly #options: AfterHookRunnerOptions;
  #tail: LogTail | undefined;

  constructor(options: AfterHookRunnerOptions) {
    this.#options = options;
  }

  /** The seq up to which it has read the log; infinite while it needs nothing from the log. */
  get seq(): number {
    return this.#tail?.seq ?? Infinity;
  }

  /** Reports that there may be new changes. Call it before subscribers get them. */
  wake(): void {
    const { read, hooks, head, onError } = this.#options;
    if (hooks.has("after")) this.#tail ??= new LogTail(read, head(), [(change) => this.#runHooks(change)], onError);
    this.#tail?.wake();
  }

  /** Runs the hooks of what is committed by now, for at most this long. */
  async stop(milliseconds: number): Promise<void> {
    if (!this.#tail) return;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, milliseconds);
    await Promise.race([this.#tail.stop(), timeout.promise]);
    clearTimeout(timer);
  }

  async #runHooks(change: Change): Promise<void> {
    const { schema, hooks, onError } = this.#options;
    // `undefined` for a change of a collection itself, and if the collection was deleted since.
    const collection = schema().find(change.collection);
    if (collection) await runAfterHooks(hooks, collection, change, (error) => onError(error, change));
  }
}
