/** `npm run compat`: plays the same requests against Headwater and PocketBase, and compares the answers. */
import { FAMILIES, SHORT_FAMILIES } from "./families/all.ts";
import { readFixture } from "./fixture/fixture.ts";
import { compatCommand, type Options, UsageError } from "./lib/options.ts";
import { Servers, usesPocketBase } from "./lib/peers.ts";
import { readRecording, RECORDED_VERSION, writeRecording } from "./lib/recordings.ts";
import { explain, isWrong, percentOf, type Totals, totalsOf } from "./lib/report.ts";
import { type Outcome, runFamily } from "./lib/run-family.ts";
import type { Family } from "./lib/scenario.ts";

async function main(options: Options): Promise<void> {
  const all = options.short ? SHORT_FAMILIES : FAMILIES;
  const families = all.filter(({ name }) => options.family === undefined || name.includes(options.family));
  if (families.length === 0) throw new UsageError(`no family's name contains "${options.family}"`);
  if (options.against !== undefined && families.length > 1) throw new UsageError("name one family with --family");
  if (options.record && !usesPocketBase(options)) throw new UsageError("--record needs `pocketbase` on the PATH");
  console.log(
    usesPocketBase(options)
      ? "compared with the installed PocketBase"
      : `compared with answers of PocketBase ${RECORDED_VERSION}`,
  );
  await using servers = new Servers(options, await readFixture());
  const totals: Totals[] = [];
  for (const family of families) totals.push(await play(family, servers));
  const total = sum(totals);
  console.log(line("total", total));
  if (total.wrong > 0) process.exitCode = 1;
}

async function play(family: Family, servers: Servers): Promise<Totals> {
  const { options } = servers;
  const outcomes = await runFamily(family, servers);
  const totals = totalsOf(outcomes);
  console.log(line(family.name, totals));
  for (const outcome of outcomes.filter(isWrong).slice(0, options.show)) console.log(explain(outcome));
  if (options.record) await record(family, outcomes);
  return totals;
}

/** Keeps what was recorded of other scenarios of the family, in the order of the family. */
async function record(family: Family, outcomes: readonly Outcome[]): Promise<void> {
  const recorded = new Map(await readRecording(family));
  for (const { scenario, theirs } of outcomes) recorded.set(scenario.name, theirs!);
  const ordered = family.scenarios.flatMap(({ name }) =>
    recorded.has(name) ? [[name, recorded.get(name)!] as const] : [],
  );
  await writeRecording(family, new Map(ordered));
}

const line = (name: string, totals: Totals): string => {
  const { scenarios, same, known, wrong } = totals;
  return `${name.padEnd(42)} ${String(scenarios).padStart(5)} scenarios, ${String(same).padStart(5)} the same (${percentOf(totals)}), ${known} known differences, ${wrong} others`;
};

const sum = (all: readonly Totals[]): Totals =>
  all.reduce((a, b) => ({
    scenarios: a.scenarios + b.scenarios,
    same: a.same + b.same,
    known: a.known + b.known,
    wrong: a.wrong + b.wrong,
  }));

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
await compatCommand(main)
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    console.error(error instanceof UsageError ? error.message : error);
    process.exitCode = 1;
  });
process.exit();
