import type { Schema } from "../../collections/model/schema.ts";
import type { Change } from "../../log/change.ts";
import { LogTail } from "../../log/tail.ts";
import type { Reader } from "../../store/store.ts";
import type { Hooks } from "../model/hook-registry.ts";
import { runAfter } from "./run-hooks.ts";

export interface HookTailOptions {
  readonly reader: Reader;
  readonly hooks: Hooks;
  readonly schema: () => Schema;
  /** The seq of the last change that hooks which came just now need not be told of. */
  readonly head: () => number;
  readonly onError: (error: unknown, change: Change | undefined) => void;
}

/**
 * Follows the log for the after hooks: each change once, in order. It reads the log for itself, since what a hook awaits
 * must hold up nobody who waits for the same changes; the log is what it falls behind in. Without after hooks it rests.
 */
export class HookTail {
  readonly #options: HookTailOptions;
  #tail: LogTail | undefined;

  /** The seq up to which it has read the log; infinite while nobody waits for what it reads. */
  get seq(): number {
    return this.#tail?.seq ?? Infinity;
  }

  constructor(options: HookTailOptions) {
    this.#options = options;
  }

  /** Says that there may be new changes; to be called before others are told of them. */
  wake(): void {
    const { reader, hooks, head, onError } = this.#options;
    if (hooks.has("after")) this.#tail ??= new LogTail(reader, head(), [(change) => this.#follow(change)], onError);
    this.#tail?.wake();
  }

  /** Runs the hooks of what is committed by now, as far as that takes no longer than this. */
  async stop(milliseconds: number): Promise<void> {
    if (!this.#tail) return;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, milliseconds);
    await Promise.race([this.#tail.stop(), timeout.promise]);
    clearTimeout(timer);
  }

  async #follow(change: Change): Promise<void> {
    const { schema, hooks, onError } = this.#options;
    // Of a collection itself, or of one that is gone.
    const collection = schema().find(change.collection);
    if (collection) await runAfter(hooks, collection, change, (error) => onError(error, change));
  }
}
