import type { LogEntry } from "./event-log.ts";
import type { Scope } from "./scope.ts";

/** Where it is written, and the words. */
export interface Standard {
  readonly source: string;
  readonly sentence: string;
}

/** One thing that must hold. */
export interface Case<World> {
  readonly group: string;
  readonly name: string;
  readonly standard: Standard;
  /** The longest that it may take, in milliseconds; {@link CASE_TIMEOUT_MS} unless told otherwise. */
  readonly timeoutMs?: number | ((world: World) => number);
  /** It mostly waits: it begins with the first case, and is reported in its place. */
  readonly alongside?: true;
  /** Returns when it holds. What is thrown says why it does not: see checks.ts. */
  readonly run: (world: World, scope: Scope) => Promise<void>;
}

export const CASE_TIMEOUT_MS = 30_000;

/** What was measured, by names that end with their unit. */
export type Figures = Readonly<Record<string, number | string>>;

export type Outcome =
  | { readonly kind: "passed" }
  /** What is wrong, and what was heard until then. */
  | { readonly kind: "failed"; readonly reason: string; readonly log: readonly LogEntry[] }
  /** It does not claim to do this; `reason` says what tells so. */
  | { readonly kind: "not-offered"; readonly reason: string };

export interface CaseResult {
  readonly group: string;
  readonly name: string;
  readonly standard: Standard;
  readonly outcome: Outcome;
  readonly figures: Figures;
  readonly milliseconds: number;
}

export type Judged = "server" | "client";

/** Cases with the ground they stand on. */
export interface Profile<Options, World> {
  readonly name: string;
  readonly judges: Judged;
  readonly cases: readonly Case<World>[];
  /** Sets up what the cases need; whatever it defers to the scope is done after the last of them. */
  readonly open: (options: Options, scope: Scope) => Promise<World>;
}

export interface Report {
  readonly profile: string;
  readonly judges: Judged;
  readonly target: string;
  /** What the kit itself ran on. */
  readonly runtime: string;
  /** ISO 8601. */
  readonly started: string;
  readonly milliseconds: number;
  readonly results: readonly CaseResult[];
}

export type Tally = Readonly<Record<Outcome["kind"], number>>;

export function tally({ results }: Pick<Report, "results">): Tally {
  const count = (kind: Outcome["kind"]): number => results.filter(({ outcome }) => outcome.kind === kind).length;
  return { passed: count("passed"), failed: count("failed"), "not-offered": count("not-offered") };
}
