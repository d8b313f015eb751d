import { inParallel } from "../../src/core/in-parallel.ts";
import type { Judged, MutantResult, OddResult } from "./judge.ts";

export interface MutateOptions {
  /** How many peers are judged at once. */
  readonly width: number;
  /** Judges only mutants whose rule or name contains this text. */
  readonly only?: string | undefined;
  /** The seeds of the right peers. */
  readonly seeds: readonly number[];
  /** Judges every nth mutant only. */
  readonly every?: number | undefined;
  /** Leaves out mutants that are a matter of time, which a busy machine hides. */
  readonly isBusy?: boolean;
  readonly onResult?: (result: MutantResult | OddResult, profile: string) => void;
}

/** What came of one profile. */
export interface SuiteResult {
  readonly profile: string;
  readonly mutants: readonly MutantResult[];
  readonly survivors: readonly MutantResult[];
  /** Cases that catch no mutant that every other case lets pass: each should be merged with another. */
  readonly needless: readonly string[];
  readonly odd: readonly OddResult[];
  readonly refused: readonly OddResult[];
  readonly milliseconds: number;
}

const EASE_MS = 15;

/** Judges all mutants and right peers of a profile. */
export async function mutate(suite: Judged, options: MutateOptions): Promise<SuiteResult> {
  const { only = "", every = 1, isBusy = false, onResult } = options;
  const seeds = options.seeds.slice(0, suite.mostSeeds);
  const from = performance.now();
  const width = Math.min(options.width, suite.width);
  const chosen = suite.mutants.filter(
    ({ label, isAlone }, index) =>
      index % every === 0 && label.toLowerCase().includes(only.toLowerCase()) && !(isAlone && isBusy),
  );
  const mutants: MutantResult[] = [];
  // Not all at once: a machine that is busy with the first requests is late with everything.
  const ease = (index: number): Promise<void> => Bun.sleep(index < width ? index * EASE_MS : 0);
  const judge = (group: Judged["mutants"], most: number): Promise<void> =>
    inParallel(group.length, most, async (index) => {
      await ease(index);
      const result = await group[index]!.judge();
      mutants.push(result);
      onResult?.(result, suite.profile);
    });
  await judge(
    chosen.filter(({ isAlone }) => !isAlone),
    width,
  );
  await judge(
    chosen.filter(({ isAlone }) => isAlone),
    1,
  );
  const odd: OddResult[] = [];
  await inParallel(seeds.length, width, async (index) => {
    await ease(index);
    odd[index] = await suite.judgeOdd(seeds[index]!);
    onResult?.(odd[index], suite.profile);
  });
  return {
    profile: suite.profile,
    mutants,
    survivors: mutants.filter(({ caughtBy }) => caughtBy.length === 0),
    needless: needlessCases(suite, mutants),
    odd,
    refused: odd.filter(({ refusals }) => refusals.length > 0),
    milliseconds: performance.now() - from,
  };
}

function needlessCases({ cases, isFixed }: Judged, mutants: readonly MutantResult[]): string[] {
  const needed = new Set(mutants.flatMap(({ caughtBy }) => (isFixed || caughtBy.length === 1 ? caughtBy : [])));
  return cases.filter((name) => !needed.has(name));
}
