import { Violation } from "./violation.ts";

const TIMEOUT_MS = 15_000;

/** @throws Violation if the promise does not settle in time */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Violation(`did not come: ${what}`)), TIMEOUT_MS);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
