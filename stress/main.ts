/** `npm run stress`: breaks servers under load and checks what clients receive. */
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { type Options, stressCommand } from "./lib/options.ts";
import { failureLines, figuresTable, outcomeLine, summary } from "./lib/report.ts";
import { isOk, type Outcome, run, type PlannedRun } from "./lib/run.ts";
import type { Scenario } from "./lib/scenario.ts";
import { makeSeedFolder } from "./lib/seed-folder.ts";
import { SCENARIOS } from "./scenarios/all.ts";

async function main(options: Options): Promise<void> {
  const chosen = SCENARIOS.filter((scenario) => isChosen(scenario, options));
  if (chosen.length === 0) throw new Error(`no scenario name contains "${options.only}"; list the names with --list`);
  if (options.list) {
    for (const { name, invariant } of chosen) console.log(`${name.padEnd(32)} ${invariant}`);
    return;
  }
  const outcomes = await runAll(runsOf(chosen, options), options);
  if (!outcomes.every(isOk)) process.exitCode = 1;
}

const isChosen = ({ name, inShort }: Scenario, { only, short }: Options): boolean =>
  only === undefined ? inShort || !short : name.includes(only);

/** Starts with the longest, so that none is left running alone at the end. */
const runsOf = (scenarios: readonly Scenario[], options: Options): PlannedRun[] =>
  scenarios
    .toSorted((a, b) => Number(a.inShort) - Number(b.inShort))
    .flatMap((scenario) =>
      Array.from({ length: seedsOf(scenario, options) }, (_, i) => ({ scenario, seed: options.seed + i })),
    )
    .map((plan) => ({ ...plan, transport: options.transport }));

function seedsOf({ seeds: which, isAlone }: Scenario, { seeds, short }: Options): number {
  const all = seeds ?? (isAlone ? 2 : 20) / (short ? (isAlone ? 2 : 10) : 1);
  return { all, some: Math.ceil(all / 10), one: 1 }[which];
}

async function runAll(plannedRuns: readonly PlannedRun[], { lanes, short, seed, server }: Options): Promise<Outcome[]> {
  const startedAt = performance.now();
  console.log(`${plannedRuns.length} runs from seed ${seed}, ${lanes} at a time`);
  using opened = await openSeedFolder(server);
  const outcomes: Outcome[] = [];
  const runSome = (plans: readonly PlannedRun[], atOnce: number): Promise<void> =>
    inParallel(plans.length, atOnce, async (index) => {
      const outcome = await run(opened.seedFolder, plans[index]!, short);
      outcomes.push(outcome);
      console.log(outcomeLine(outcome));
      if (!isOk(outcome)) console.log(failureLines(outcome, short).join("\n"));
    });
  const { alone = [], together = [] } = Object.groupBy(plannedRuns, ({ scenario }) =>
    scenario.isAlone ? "alone" : "together",
  );
  await runSome(together, lanes);
  await runSome(alone, 1);
  console.log(figuresTable(outcomes));
  console.log(summary(outcomes, (performance.now() - startedAt) / 1000));
  return outcomes;
}

async function openSeedFolder(server: string | undefined) {
  const seedFolder = await makeSeedFolder(server);
  return { seedFolder, [Symbol.dispose]: () => seedFolder.folder[Symbol.dispose]() };
}

// Exit handlers clean up what a scenario started, but a signal alone does not run them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
await stressCommand(main)
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
// Timers of timeouts that never fired would keep the process alive.
process.exit();
