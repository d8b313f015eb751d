/** `npm run stress`: tests that break things, and check themselves. */
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { type Options, readOptions, USAGE } from "./lib/options.ts";
import { failureLines, outcomeLine, summary } from "./lib/report.ts";
import { isOk, type Outcome, run, type Turn } from "./lib/run.ts";
import type { Scenario } from "./lib/scenario.ts";
import { makeWorld } from "./lib/world.ts";
import { SCENARIOS } from "./scenarios/all.ts";

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const chosen = SCENARIOS.filter((scenario) => isChosen(scenario, options));
  if (chosen.length === 0) throw new Error(`no scenario's name holds "${options.only}"; see --list`);
  if (options.list) {
    for (const { name, invariant } of chosen) console.log(`${name.padEnd(30)} ${invariant}`);
    return 0;
  }
  const outcomes = await playAll(turnsOf(chosen, options), options);
  return outcomes.every(isOk) ? 0 : 1;
}

const isChosen = ({ name, inShort }: Scenario, { only, short }: Options): boolean =>
  only === undefined ? inShort || !short : name.includes(only);

/** Those that take longest first, so that none of them is left over when the others are done. */
const turnsOf = (scenarios: readonly Scenario[], options: Options): Turn[] =>
  scenarios
    .toSorted((a, b) => Number(a.inShort) - Number(b.inShort))
    .flatMap((scenario) =>
      Array.from({ length: seedsOf(scenario, options.seeds) }, (_, i) => ({ scenario, seed: options.seed + i })),
    )
    .map((turn) => ({ ...turn, transport: options.transport }));

const seedsOf = (scenario: Scenario, all: number): number =>
  ({ all, some: Math.ceil(all / 10), one: 1 })[scenario.seeds];

async function playAll(turns: readonly Turn[], { lanes, short, seed }: Options): Promise<Outcome[]> {
  const begin = performance.now();
  console.log(`${turns.length} turns from seed ${seed}, ${lanes} at a time`);
  using folder = await worldFolder();
  const outcomes: Outcome[] = [];
  await inParallel(turns.length, lanes, async (index) => {
    const outcome = await run(folder.world, turns[index]!, short);
    outcomes.push(outcome);
    console.log(outcomeLine(outcome));
    if (!isOk(outcome)) console.log(failureLines(outcome, short).join("\n"));
  });
  console.log(summary(outcomes, (performance.now() - begin) / 1000));
  return outcomes;
}

async function worldFolder() {
  const world = await makeWorld();
  return { world, [Symbol.dispose]: () => world.folder[Symbol.dispose]() };
}

// What a scenario started is ended and removed by exit handlers, and a signal alone would not run them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
// Waits that lost a race have timers that nobody is interested in any more.
process.exit(code);
