import { check } from "../core/checks.ts";
import type { Scope } from "../core/scope.ts";
import type { Recording } from "../stream/recording.ts";

/** Fails with the first recording that has a fault. What it received goes into the report. */
export function judge(
  recordings: readonly Recording[],
  scope: Scope,
  faultOf: (recording: Recording) => string | undefined,
): void {
  for (const recording of recordings) {
    const fault = faultOf(recording);
    if (fault === undefined) continue;
    scope.log.include(recording.log);
    check(false, `${recording.label}: ${fault}`);
  }
}

/** Calls the function once, however many cases ask. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
