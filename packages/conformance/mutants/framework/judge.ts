import type { CaseResult, Report } from "../../src/core/case.ts";
import { clockOf, type ClockOptions } from "../../src/core/clock.ts";
import { runProfile } from "../../src/core/run-profile.ts";
import { Scope } from "../../src/core/scope.ts";
import type { Mutant, Suite } from "./mutant.ts";
import { Random } from "./random.ts";

/** What the profile says about one mutant. */
export interface MutantResult {
  readonly rule: string;
  readonly name: string;
  /** The cases that failed; none if the mutant survived. */
  readonly caughtBy: readonly string[];
  /** What failed cases said that were not the expected ones. */
  readonly said: readonly string[];
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
  readonly mostSeeds: number;
  readonly isFixed: boolean;
  readonly mutants: readonly {
    readonly label: string;
    readonly isAlone: boolean;
    readonly judge: () => Promise<MutantResult>;
  }[];
  readonly judgeOdd: (seed: number) => Promise<OddResult>;
}

/** Plays a suite's profile against its mutants and its right peers. */
export function judged<Options, World>(suite: Suite<Options, World>): Judged {
  const { profile, mutants, width = Number.POSITIVE_INFINITY, mostSeeds = Number.POSITIVE_INFINITY } = suite;
  const play = async (
    open: Mutant<Options>["open"],
    only: string | undefined,
    clock: ClockOptions = suite.clock,
  ): Promise<Report> => {
    const scope = new Scope(clockOf(clock, profile.heartbeatMs));
    try {
      return await runProfile(profile, await open(scope), { target: profile.name, clock, only });
    } finally {
      await scope.close();
    }
  };
  return {
    profile: profile.name,
    cases: profile.cases.map(({ name }) => name),
    width,
    mostSeeds,
    isFixed: suite.isFixed ?? false,
    mutants: mutants.map(({ rule, name, open, only, expected, isAlone = false }) => ({
      label: `${rule}: ${name}`,
      isAlone,
      async judge() {
        const { results, milliseconds } = await play(open, only);
        const failed = failedOf(results);
        const isCaught =
          !expected || failed.some((each) => each.name === expected.case && expected.message.test(reasonOf(each)));
        return {
          rule,
          name,
          milliseconds,
          caughtBy: isCaught ? failed.map((each) => each.name) : [],
          said: isCaught ? [] : failed.map((each) => `${each.name}: ${reasonOf(each)}`),
        };
      },
    })),
    async judgeOdd(seed) {
      // A right peer does not make its cases wait, so they have the usual patience: a busy machine is not a fault.
      const clock = { ...suite.clock, patienceMs: undefined };
      const { results } = await play((scope) => suite.odd(new Random(seed), scope), suite.oddOnly, clock);
      return { seed, refusals: failedOf(results).map((result) => `${result.name}: ${reasonOf(result)}`) };
    },
  };
}

const failedOf = (results: readonly CaseResult[]): CaseResult[] =>
  results.filter(({ outcome }) => outcome.kind === "failed");

const reasonOf = ({ outcome }: CaseResult): string => (outcome.kind === "failed" ? outcome.reason : "");
