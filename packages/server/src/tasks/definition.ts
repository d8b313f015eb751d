import type { JsonValue } from "@headwater/protocol";
import type { Rule } from "../collections/model/collection.ts";

/** What a handler has of the task that it works on. */
export interface TaskRun {
  readonly id: string;
  readonly name: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts when the task is cancelled, takes too long, or its server ends. */
  readonly signal: AbortSignal;
  /**
   * Tells how far the work has come.
   * @throws RangeError for a `progress` outside of 0 to 1
   */
  progress(update: Progress): void;
  progress(text: string, progress?: number): void;
  /** Tells a piece of a text; pieces that follow each other may be put together. */
  write(text: string): void;
  /** Resolves when all that was told is durable. */
  flushed(): Promise<void>;
}

export interface Progress {
  readonly text?: string;
  /** From 0 to 1. */
  readonly progress?: number;
  readonly [name: string]: JsonValue | undefined;
}

/**
 * What `progress` was called with, in one form.
 * @throws RangeError for a share outside of 0 to 1
 */
export function progressOf(update: Progress | string, share: number | undefined): Progress {
  const told = typeof update === "string" ? { text: update, ...(share !== undefined && { progress: share }) } : update;
  const { progress = 0 } = told;
  if (!(progress >= 0 && progress <= 1)) throw new RangeError(`progress is from 0 to 1, not ${progress}`);
  return told;
}

/** Does a task. What it returns is the result, what it throws fails the attempt. */
export type TaskHandler<Input> = (input: Input, task: TaskRun) => unknown;

export interface TaskOptions<Input> {
  /** Makes an input of what was sent, or throws, which refuses it; the `parse` of a zod schema, for one. */
  readonly input?: (value: unknown) => Input;
  /** How often it may be begun; an attempt that a crash ended counts. 1 unless given: it is never begun twice. */
  readonly attempts?: number;
  /** What the first retry waits, in milliseconds; each further one waits twice as long. 1000 unless given. */
  readonly backoff?: number;
  /** The longest that a retry waits, in milliseconds. A minute unless given. */
  readonly maxBackoff?: number;
  /** How many of this name are at work at the same time; 100 unless given. */
  readonly concurrency?: number;
  /** What an attempt may take, in milliseconds; unlimited unless given. */
  readonly timeout?: number;
  /** How long a task that is over is kept, in milliseconds. A day unless given. */
  readonly keep?: number;
  /**
   * Who may start it over the API. `null`, and not given: superusers and the application alone. `""`: all. Else a rule;
   * its fields are `name`, `owner` (the id of who starts it) and `input`.
   */
  readonly startRule?: Rule;
  /** Who may see and follow it, of those who know its id; all unless given. */
  readonly viewRule?: Rule;
  /** Who may cancel it; its owner unless given. */
  readonly cancelRule?: Rule;
}

/** Work of one name. */
export interface Definition extends Required<Omit<TaskOptions<unknown>, "timeout">> {
  readonly name: string;
  /** A module whose default export is the handler runs in a thread of its own. */
  readonly handler: TaskHandler<never> | URL;
  readonly timeout: number | undefined;
}

/** How long a task that is over is kept unless its definition says otherwise, in milliseconds. */
export const KEEP_MS = 24 * 3_600_000;

const OWNER = 'owner != "" && owner = @request.auth.id';

/** @throws TypeError for numbers that make no sense */
export function definitionOf(
  name: string,
  handler: TaskHandler<never> | URL,
  options: TaskOptions<unknown> = {},
): Definition {
  const definition: Definition = {
    input: (value) => value,
    attempts: 1,
    backoff: 1_000,
    maxBackoff: 60_000,
    concurrency: 100,
    timeout: undefined,
    keep: KEEP_MS,
    startRule: null,
    viewRule: "",
    cancelRule: OWNER,
    ...options,
    name,
    handler,
  };
  const { attempts, concurrency, backoff, maxBackoff, keep, timeout = 1 } = definition;
  if (name === "") throw new TypeError("A task has a name.");
  for (const [what, value, least] of [
    ["attempts", attempts, 1],
    ["concurrency", concurrency, 1],
    ["backoff", backoff, 0],
    ["maxBackoff", maxBackoff, 0],
    ["keep", keep, 0],
    ["timeout", timeout, 1],
  ] as const) {
    if (!(value >= least)) throw new TypeError(`${what} of the task "${name}" must be ${least} or more, not ${value}.`);
  }
  return definition;
}

/** What an attempt waits after this many, in milliseconds. */
export const backoffAfter = (attempt: number, { backoff, maxBackoff }: Definition): number =>
  Math.min(maxBackoff, backoff * 2 ** (attempt - 1));
