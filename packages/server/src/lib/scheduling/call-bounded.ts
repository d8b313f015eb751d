import { Script } from "node:vm";

const SLOT = Symbol.for("headwater.call");
const slots = globalThis as { [SLOT]?: (() => unknown) | undefined };
const script = new Script(`globalThis[Symbol.for("headwater.call")]()`);

/**
 * Calls a function and ends it if it computes for too long: nothing else can run meanwhile. The limit covers the part of
 * an async function up to its first `await`.
 *
 * @param limitMs milliseconds of computation; 0 is no limit
 * @param overrun makes the error that ends it; the function can't catch it
 */
export function callBounded<T>(call: () => T, limitMs: number, overrun: () => Error): T {
  if (limitMs === 0) return call();
  const outer = slots[SLOT];
  slots[SLOT] = call;
  try {
    return script.runInThisContext({ timeout: Math.ceil(limitMs) }) as T;
  } catch (error) {
    if ((error as { readonly code?: unknown } | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw overrun();
    throw error;
  } finally {
    slots[SLOT] = outer;
  }
}
