import type { CaseResult, Report } from "../../src/core/case.ts";
import { clockOf } from "../../src/core/clock.ts";
import { runProfile } from "../../src/core/run-profile.ts";
import { Scope } from "../../src/core/scope.ts";
import type { Suite } from "./mutant.ts";
import { Random } from "./random.ts";

/** What the profile says about one mutant. */
export interface MutantResult {
  readonly rule: string;
  readonly name: string;
  /** The cases that failed; none if the mutant survived. */
  readonly caughtBy: readonly string[];
  readonly milliseconds: number;
}

/** What the profile says about one right peer. */
export interface OddResult {
  readonly seed: number;
  /** Each case that refused it, with the reason; it must be empty. */
  readonly refusals: readonly string[];
}

/** A suite whose types no longer matter, so that suites of all profiles go into one list. */
export interface Judged {
  readonly profile: string;
  readonly cases: readonly string[];
  readonly width: number;
  readonly mutants: readonly { readonly label: string; readonly judge: () => Promise<MutantResult> }[];
  readonly judgeOdd: (seed: number) => Promise<OddResult>;
}

/** Plays a suite's profile against its mutants and its right peers. */
export function judged<Options, World>(suite: Suite<Options, World>): Judged {
  const { profile, mutants, width = Number.POSITIVE_INFINITY } = suite;
  const play = async (open: (scope: Scope) => Options | Promise<Options>): Promise<Report> => {
    const scope = new Scope(clockOf(suite.clock, profile.heartbeatMs));
    try {
      return await runProfile(profile, await open(scope), { target: profile.name, clock: suite.clock });
    } finally {
      await scope.close();
    }
  };
  return {
    profile: profile.name,
    cases: profile.cases.map(({ name }) => name),
    width,
    mutants: mutants.map(({ rule, name, open }) => ({
      label: `${rule}: ${name}`,
      async judge() {
        const { results, milliseconds } = await play(open);
        return { rule, name, milliseconds, caughtBy: failedOf(results).map((result) => result.name) };
      },
    })),
    async judgeOdd(seed) {
      const { results } = await play((scope) => suite.odd(new Random(seed), scope));
      return { seed, refusals: failedOf(results).map((result) => `${result.name}: ${reasonOf(result)}`) };
    },
  };
}

const failedOf = (results: readonly CaseResult[]): CaseResult[] =>
  results.filter(({ outcome }) => outcome.kind === "failed");

const reasonOf = ({ outcome }: CaseResult): string => (outcome.kind === "failed" ? outcome.reason : "");
