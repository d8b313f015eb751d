import type { Judged } from "./framework/judge.ts";

/** Every profile with its mutants. */
export const SUITES: readonly Judged[] = [];
