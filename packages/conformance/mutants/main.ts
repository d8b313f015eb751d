/** `npm run mutate`: plays every profile against peers that break one rule each, and against right though odd peers. */
import { Command } from "@commander-js/extra-typings";
import { wholeNumber } from "../src/cli/options.ts";
import { inParallel } from "../src/core/in-parallel.ts";
import type { MutantResult, OddResult } from "./framework/judge.ts";
import { mutate, type SuiteResult } from "./framework/run.ts";
import { faultsOf, formatTable } from "./framework/table.ts";
import { SUITES } from "./suites.ts";

const options = new Command("mutate")
  .description("Plays the conformance kit against peers that break one rule each, and against right though odd peers.")
  .option("--profile <name>", "this profile only")
  .option("--only <text>", "only mutants whose rule or name contains this text; no right peers")
  .option("--seeds <count>", "how many right peers each profile judges, at most", wholeNumber, 250)
  .option("--width <count>", "how many peers a profile judges at once", wholeNumber, 64)
  .option("--list", "list the mutants, and judge none")
  .option("--verbose", "print each mutant with the cases that caught it")
  .option("--json", "print the results of one profile as JSON")
  .parse()
  .opts();
const { profile, only, seeds, width } = options;

const write = (text: string): void => void process.stdout.write(text);
const suites = SUITES.filter((suite) => profile === undefined || suite.profile === profile);

function describe(result: MutantResult | OddResult, name: string): void {
  if ("seed" in result) return;
  const { rule, caughtBy } = result;
  const verdict = caughtBy.length === 0 ? "SURVIVED" : `caught by ${caughtBy.map((each) => `“${each}”`).join(", ")}`;
  process.stderr.write(`${name}: ${result.name} (${rule}): ${verdict}\n`);
}

/** Judges one profile in this process. */
async function judgeHere(name: string): Promise<SuiteResult> {
  const suite = SUITES.find((each) => each.profile === name)!;
  const range = only === undefined ? Array.from({ length: seeds }, (_, seed) => seed + 1) : [];
  return mutate(suite, { width, only, seeds: range, ...(options.verbose && { onResult: describe }) });
}

/** Judges one profile in a process of its own: they mostly wait, and each keeps a processor busy for the rest. */
async function judgeApart(name: string): Promise<SuiteResult> {
  const child = Bun.spawn([process.execPath, import.meta.path, ...process.argv.slice(2), "--profile", name, "--json"], {
    stdout: "pipe",
    stderr: "inherit",
    // Bun queues the requests of a process beyond 256.
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "8192" },
  });
  return JSON.parse(await child.stdout.text()) as SuiteResult;
}

async function judgeAll(): Promise<number> {
  const results: SuiteResult[] = [];
  await inParallel(suites.length, Math.min(2, navigator.hardwareConcurrency), async (index) => {
    results[index] = await judgeApart(suites[index]!.profile);
  });
  const faults = faultsOf(results, only === undefined);
  write(formatTable(results, new Map(suites.map((suite) => [suite.profile, suite.cases.length]))));
  write(faults.length === 0 ? "" : `\n${faults.join("\n")}\n`);
  return faults.length === 0 && results.length > 0 ? 0 : 1;
}

if (options.list) {
  for (const suite of suites) for (const { label } of suite.mutants) write(`${suite.profile}: ${label}\n`);
} else if (options.json && profile !== undefined) {
  write(JSON.stringify(await judgeHere(profile)));
  process.exit(0);
} else {
  process.exit(await judgeAll());
}
