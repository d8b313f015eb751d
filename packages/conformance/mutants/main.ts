/** `npm run mutate`: plays every profile against peers that break one rule each, and against right though odd peers. */
import { Command } from "@commander-js/extra-typings";
import { wholeNumber } from "../src/cli/options.ts";
import type { MutantResult, OddResult } from "./framework/judge.ts";
import { mutate } from "./framework/run.ts";
import { faultsOf, formatTable } from "./framework/table.ts";
import { SUITES } from "./suites.ts";

const { profile, only, seeds, width, list, verbose } = new Command("mutate")
  .description("Plays the conformance kit against peers that break one rule each, and against right though odd peers.")
  .option("--profile <name>", "this profile only")
  .option("--only <text>", "only mutants whose rule or name contains this text; no right peers")
  .option("--seeds <count>", "how many right peers each profile judges", wholeNumber, 1_000)
  .option("--width <count>", "how many peers are judged at once", wholeNumber, 24)
  .option("--list", "list the mutants, and judge none")
  .option("--verbose", "print each mutant with the cases that caught it")
  .parse()
  .opts();

const write = (text: string): void => void process.stdout.write(text);
const suites = SUITES.filter((suite) => profile === undefined || suite.profile === profile);

function describe(result: MutantResult | OddResult, name: string): void {
  if ("seed" in result) return;
  const { rule, caughtBy } = result;
  const verdict = caughtBy.length === 0 ? "SURVIVED" : `caught by ${caughtBy.map((each) => `“${each}”`).join(", ")}`;
  write(`${name}: ${result.name} (${rule}): ${verdict}\n`);
}

if (list) {
  for (const suite of suites) for (const { label } of suite.mutants) write(`${suite.profile}: ${label}\n`);
} else {
  const results = [];
  for (const suite of suites) {
    const range = only === undefined ? Array.from({ length: seeds }, (_, seed) => seed + 1) : [];
    results.push(await mutate(suite, { width, only, seeds: range, ...(verbose && { onResult: describe }) }));
  }
  const faults = faultsOf(results, only === undefined);
  write(formatTable(results, new Map(suites.map((suite) => [suite.profile, suite.cases.length]))));
  write(faults.length === 0 ? "" : `\n${faults.join("\n")}\n`);
  process.exit(faults.length === 0 && results.length > 0 ? 0 : 1);
}
