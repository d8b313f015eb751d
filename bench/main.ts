/** `npm run bench -- NAME [--option VALUE]`: one bench, its tables, with peers beside it where they are installed. */
import { bystander } from "./bystander.ts";
import { catchUp } from "./catch-up.ts";
import { churn } from "./churn.ts";
import { fanout } from "./fanout.ts";
import { idle } from "./idle.ts";
import { patterns } from "./patterns.ts";
import type { Bench, Report } from "./lib/bench.ts";
import { describeOptions, readOptions } from "./lib/options.ts";
import { formatTable } from "./lib/table.ts";
import { replicache } from "./replicache.ts";
import { tasks } from "./tasks.ts";
import { writes } from "./writes.ts";

const BENCHES: Readonly<Record<string, Bench>> = {
  fanout,
  idle,
  "catch-up": catchUp,
  churn,
  patterns,
  bystander,
  writes,
  tasks,
  replicache,
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const bench = name === undefined ? undefined : BENCHES[name];
  if (bench === undefined) {
    const asked = name === undefined || name === "--help" || name === "-h";
    (asked ? console.log : console.error)(asked ? usage() : `no bench is called ${name}\n\n${usage()}`);
    return asked ? 0 : 1;
  }
  const { json, help, values } = readOptions(bench.options, rest);
  if (help) {
    console.log(benchUsage(name!, bench));
    return 0;
  }
  const reports = await bench.run(values);
  for (const report of reports) console.log(json ? toJson(name!, values, report) : `${toText(report)}\n`);
  const broken = reports.flatMap((report) => report.broken);
  for (const promise of broken) console.error(promise);
  return broken.length === 0 ? 0 : 1;
}

const usage = (): string =>
  [
    "Usage: npm run bench -- NAME [--json] [--help] [options]",
    "",
    ...Object.entries(BENCHES).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
  ].join("\n");

const benchUsage = (name: string, { summary, options }: Bench): string =>
  [
    `Usage: npm run bench -- ${name} [options]`,
    "",
    summary,
    "",
    ...describeOptions(options),
    `  ${"--json".padEnd(26)} the numbers as one line of JSON for each table`,
  ].join("\n");

function toText({ title, metrics, columns, legend }: Report): string {
  return [title, "", formatTable(metrics, columns), "", ...legend].join("\n");
}

function toJson(bench: string, options: Readonly<Record<string, unknown>>, report: Report): string {
  const { title, metrics, columns } = report;
  const servers = columns.map(({ server, values, notes }) => ({
    server,
    ...Object.fromEntries(metrics.map(({ key }, index) => [key, values[index]])),
    ...Object.fromEntries(notes),
  }));
  return JSON.stringify({ bench, title, options, servers });
}

// What a bench started is ended and removed by exit handlers, and a signal alone would not run them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
