import type { Clock } from "./clock.ts";
import type { LogEntry, ReceivedBytes } from "./event-log.ts";
import type { Figures, Scope } from "./scope.ts";

/** The sentence that a case checks, and the document it is from. */
export interface Standard {
  readonly source: string;
  readonly sentence: string;
}

/** One requirement. */
export interface Case<Context> {
  readonly group: string;
  readonly name: string;
  readonly standard: Standard;
  /** Time limit in milliseconds; the clock's `caseMs` by default. */
  readonly timeoutMs?: (clock: Clock) => number;
  /** The case mostly waits, so it starts with the first case and runs alongside the others. Reported in its place. */
  readonly alongside?: true;
  /** Returns if the requirement holds; otherwise throws with the reason (see checks.ts). */
  readonly run: (context: Context, scope: Scope) => Promise<void>;
}

export type Outcome =
  | { readonly kind: "passed" }
  /** What is wrong, the events up to then, and the last bytes of each stream. */
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly log: readonly LogEntry[];
      readonly bytes: readonly ReceivedBytes[];
    }
  /** The subject does not offer this feature; `reason` says how the case can tell. */
  | { readonly kind: "not-offered"; readonly reason: string };

export interface CaseResult {
  readonly group: string;
  readonly name: string;
  readonly standard: Standard;
  readonly outcome: Outcome;
  readonly figures: Figures;
  readonly milliseconds: number;
}

export type Subject = "server" | "client";

/** A set of cases, and the setup they share. */
export interface Profile<Options, Context> {
  readonly name: string;
  /** The heartbeat interval of the servers that it judges, in milliseconds, unless the clock says otherwise. */
  readonly heartbeatMs?: number;
  /** What the cases test. */
  readonly subject: Subject;
  readonly cases: readonly Case<Context>[];
  /** Sets up what the cases need; what it defers to the scope runs after the last case. */
  readonly open: (options: Options, scope: Scope) => Promise<Context>;
}

export interface Report {
  readonly profile: string;
  readonly judges: Subject;
  readonly target: string;
  /** The runtime that ran the kit. */
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
