import type { Random } from "@headwater/testing/lib/seeded-random.ts";

/** One kind of random step on a subject. */
export interface RandomStep<Subject> {
  /** Relative frequency. */
  readonly weight: number;
  readonly take: (subject: Subject) => Promise<unknown>;
}

export type RandomSteps<Subject> = readonly (readonly [name: string, RandomStep<Subject>])[];

/** Picks a step by its weight. */
export function pickStep<Subject>(kinds: RandomSteps<Subject>, random: Random): RandomSteps<Subject>[number] {
  const total = kinds.reduce((sum, [, { weight }]) => sum + weight, 0);
  let at = random.int(1, total);
  return kinds.find(([, { weight }]) => (at -= weight) <= 0)!;
}
