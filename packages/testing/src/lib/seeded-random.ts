import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Random numbers that are the same for the same seed. */
export interface Random {
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number;
  /** True with this probability, in percent. */
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** An independent generator, so that one actor's numbers do not depend on how many another draws. */
  fork(): Random;
}

export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const int = (from: number, to: number): number => uniformInt(generator, from, to);
  return {
    int,
    chance: (percent) => int(1, 100) <= percent,
    pick: (items) => items[int(0, items.length - 1)]!,
    fork: () => seededRandom(int(0, 0x7fffffff)),
  };
}

/** A seeded replacement for `Math.random`. */
export function seededMathRandom(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}
