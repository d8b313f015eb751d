import fc from "fast-check";
import type { Area } from "./area.ts";
import type { World } from "./world.ts";

/** Inputs of one seed. */
const INPUTS = 60;
/** How long to look for a smaller input that fails as well. */
const SHRINK_MS = 8_000;

export interface Failure {
  readonly area: string;
  readonly seed: number;
  readonly path: string;
  readonly message: string;
  /** The input, as small as it got. */
  readonly input: string;
}

export interface Round {
  readonly inputs: number;
  readonly failure: Failure | undefined;
}

/** Sends the inputs of one seed, until one fails. @param path the place of one input: sends that one only */
export async function fuzzArea(world: World, area: Area, seed: number, path?: string): Promise<Round> {
  let inputs = 0;
  let shrinkUntil = Infinity;
  let lastError: unknown;
  const property = fc.asyncProperty(area.inputs, async (input) => {
    // Once it is late, every smaller input passes: that ends the search.
    if (performance.now() > shrinkUntil) return;
    inputs += 1;
    try {
      await area.send(world, input);
    } catch (error) {
      lastError = error;
      shrinkUntil = Math.min(shrinkUntil, performance.now() + SHRINK_MS);
      throw error;
    }
  });
  const settings = { seed, numRuns: INPUTS, ...(path !== undefined && { path, endOnFailure: true }) };
  const { failed, counterexample, counterexamplePath } = await fc.check(property, settings);
  if (!failed) return { inputs, failure: undefined };
  const message = lastError instanceof Error ? lastError.message : String(lastError);
  const input = fc.stringify(counterexample?.[0]);
  return { inputs, failure: { area: area.name, seed, path: counterexamplePath ?? "", message, input } };
}
