import { callBounded } from "./call-bounded.ts";
import { callAfter } from "./timers.ts";

/** How long the application's code may take, in milliseconds; 0 is no limit. */
export interface CodeLimits {
  /** In all, while it waits for something. */
  readonly waitMs: number;
  /** While others wait for it: without awaiting anything, or in a transaction. */
  readonly blockMs: number;
  /** Counts the errors. */
  readonly onOverrun?: (limit: "hook_seconds" | "block_seconds") => void;
}

export const NO_LIMITS: CodeLimits = { waitMs: 0, blockMs: 0 };

/** @param name of the code, such as `the before hook of create in posts` */
export function overrunError(name: string, limits: CodeLimits, limit: "hook_seconds" | "block_seconds"): Error {
  limits.onOverrun?.(limit);
  const milliseconds = limit === "hook_seconds" ? limits.waitMs : limits.blockMs;
  return new Error(`${name} took longer than ${milliseconds / 1_000} seconds.`);
}

/**
 * Runs code of the application that may wait for anything.
 *
 * @param name of the code, for the error
 * @throws Error if it takes too long. What it does after that is its own affair: nobody waits for it.
 */
export async function runLimited<T>(name: string, limits: CodeLimits, work: () => T | Promise<T>): Promise<T> {
  const { waitMs, blockMs } = limits;
  const result = callBounded(work, blockMs, () => overrunError(name, limits, "block_seconds"));
  if (waitMs === 0 || !(result instanceof Promise)) return result;
  const late = Promise.withResolvers<never>();
  const cancel = callAfter(waitMs, () => late.reject(overrunError(name, limits, "hook_seconds")));
  try {
    return await Promise.race([result, late.promise]);
  } finally {
    cancel();
  }
}
