import type { JsonValue } from "@headwater/protocol";
import type { Rule } from "../collections/model/rule.ts";

/** The running task, as its handler sees it. */
export interface TaskRun {
  readonly id: string;
  readonly name: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts when the task is cancelled, exceeds its timeout, or the server stops. */
  readonly signal: AbortSignal;
  /**
   * Sends a progress event.
   * @throws RangeError if `progress` is not between 0 and 1
   */
  progress(update: Progress): void;
  progress(text: string, progress?: number): void;
  /** Sends a piece of text. Consecutive pieces may arrive as one. */
  write(text: string): void;
  /** Resolves when everything sent so far is committed. */
  flushed(): Promise<void>;
}

export interface Progress {
  readonly text?: string;
  /** From 0 to 1. */
  readonly progress?: number;
  readonly [name: string]: JsonValue | undefined;
}

/**
 * Normalizes the arguments of `TaskRun.progress`.
 * @throws RangeError if the progress is not between 0 and 1
 */
export function toProgress(update: Progress | string, share: number | undefined): Progress {
  const result =
    typeof update === "string" ? { text: update, ...(share !== undefined && { progress: share }) } : update;
  const { progress = 0 } = result;
  if (!(progress >= 0 && progress <= 1)) throw new RangeError(`progress must be from 0 to 1, not ${progress}`);
  return result;
}

/** Runs a task. Its return value is the result; if it throws, the attempt fails. */
export type TaskHandler<Input> = (input: Input, task: TaskRun) => unknown;

export interface TaskOptions<Input> {
  /** Parses the input, such as the `parse` of a zod schema. If it throws, the input is refused. */
  readonly input?: (value: unknown) => Input;
  /** How often the task may be attempted, attempts that a crash ended included. 1 unless given, so it never runs twice. */
  readonly attempts?: number;
  /** Milliseconds before the first retry, doubled for each further one. 1000 unless given. */
  readonly backoff?: number;
  /** The longest wait before a retry, in milliseconds. 60,000 unless given. */
  readonly maxBackoff?: number;
  /** How many tasks of this name run at the same time. 100 unless given. */
  readonly concurrency?: number;
  /** The longest an attempt may take, in milliseconds. Unlimited unless given, and with `Infinity`. */
  readonly timeout?: number;
  /** How long the task is kept after it ends, in milliseconds. A day unless given. */
  readonly keep?: number;
  /**
   * Who may start the task over the API. `null` (the default): only superusers and the application. `""`: everyone.
   * Otherwise a rule over the fields `name`, `owner` (the id of the account that starts it) and `input`.
   */
  readonly startRule?: Rule;
  /** Who may read and follow the task if they know its id. Everyone unless given. */
  readonly viewRule?: Rule;
  /** Who may cancel the task. Its owner unless given. */
  readonly cancelRule?: Rule;
}

/** How tasks of one name run. */
export interface Definition extends Required<Omit<TaskOptions<unknown>, "timeout">> {
  readonly name: string;
  /** If it is the URL of a module, the module's default export runs in a separate thread. */
  readonly handler: TaskHandler<never> | URL;
  readonly timeout: number | undefined;
}

/** How long an ended task is kept by default, in milliseconds. */
export const KEEP_MS = 24 * 3_600_000;

const OWNER = 'owner != "" && owner = @request.auth.id';

/** @throws TypeError if the name is empty or an option is out of range */
export function defineTask(
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
  if (name === "") throw new TypeError("A task needs a name.");
  for (const [option, value, minimum] of [
    ["attempts", attempts, 1],
    ["concurrency", concurrency, 1],
    ["backoff", backoff, 0],
    ["maxBackoff", maxBackoff, 0],
    ["keep", keep, 0],
    ["timeout", timeout, 1],
  ] as const) {
    if (value >= minimum) continue;
    throw new TypeError(`${option} of the task "${name}" must be ${minimum} or more, not ${value}.`);
  }
  return definition;
}

/** A year: the time of a retry must be a date. */
const LONGEST_BACKOFF_MS = 365 * 86_400_000;

/** The wait after a failed attempt, in milliseconds. */
export const backoffAfter = (attempt: number, { backoff, maxBackoff }: Definition): number =>
  Math.min(maxBackoff, backoff * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
