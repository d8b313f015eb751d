/** `npm run bench -- NAME [--option N]`: one bench, one table, with peers beside it where they are installed. */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { fanout } from "./fanout.ts";
import type { Bench, Report } from "./lib/bench.ts";
import { formatTable } from "./lib/table.ts";
import { writes } from "./writes.ts";

const BENCHES: Readonly<Record<string, Bench>> = { fanout, writes };

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const bench = name === undefined ? undefined : BENCHES[name];
  if (bench === undefined) {
    const asked = name === undefined || name === "--help" || name === "-h";
    (asked ? console.log : console.error)(asked ? usage() : `no bench is called ${name}\n\n${usage()}`);
    return asked ? 0 : 1;
  }
  const { options, values } = readOptions(bench, rest);
  if (options.help) {
    console.log(benchUsage(name!, bench));
    return 0;
  }
  const report = await bench.run(values);
  console.log(options.json ? toJson(name!, values, report) : toText(report));
  for (const promise of report.broken) console.error(promise);
  return report.broken.length === 0 ? 0 : 1;
}

const usage = (): string =>
  [
    "Usage: npm run bench -- NAME [--json] [--help] [options]",
    "",
    ...Object.entries(BENCHES).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`),
  ].join("\n");

const benchUsage = (name: string, bench: Bench): string =>
  [
    `Usage: npm run bench -- ${name} [options]`,
    "",
    bench.summary,
    "",
    ...Object.entries(bench.options).map(
      ([option, { help, standard }]) => `  ${`--${option} N`.padEnd(18)} ${help} (${standard})`,
    ),
    `  ${"--json".padEnd(18)} the numbers as one line of JSON`,
  ].join("\n");

function toText({ title, metrics, columns, legend }: Report): string {
  return [title, "", formatTable(metrics, columns), "", ...legend].join("\n");
}

function toJson(bench: string, options: Readonly<Record<string, number>>, { metrics, columns }: Report): string {
  const servers = columns.map(({ server, values, notes }) => ({
    server,
    ...Object.fromEntries(metrics.map(({ key }, index) => [key, values[index]])),
    ...Object.fromEntries(notes),
  }));
  return JSON.stringify({ bench, options, servers });
}

interface Options {
  readonly json: boolean;
  readonly help: boolean;
}

function readOptions(bench: Bench, args: readonly string[]): { options: Options; values: Record<string, number> } {
  const names = Object.keys(bench.options);
  const flags: ParseArgsOptionsConfig = {
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    ...Object.fromEntries(names.map((name) => [name, { type: "string" }])),
  };
  const { values } = parseArgs({ args: [...args], options: flags });
  return {
    options: { json: values["json"] === true, help: values["help"] === true },
    values: Object.fromEntries(names.map((name) => [name, readNumber(bench, name, values[name])])),
  };
}

function readNumber(bench: Bench, name: string, text: unknown): number {
  const { standard, least } = bench.options[name]!;
  if (text === undefined) return standard;
  const value = typeof text === "string" && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new Error(`--${name} must be a whole number from ${least}`);
  return value;
}

// What a bench started is ended and removed by exit handlers, and a signal alone would not run them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});
