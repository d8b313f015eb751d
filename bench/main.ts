/** `npm run bench -- NAME [--option VALUE]`: runs one bench and prints its tables, with installed peers for comparison. */
import { Command } from "commander";
import { interference } from "./interference.ts";
import { catchUp } from "./catch-up.ts";
import { churn } from "./churn.ts";
import { fanout } from "./fanout.ts";
import { files } from "./files.ts";
import { idle } from "./idle.ts";
import { patterns } from "./patterns.ts";
import type { Bench, Report } from "./report/bench.ts";
import { benchCommand, type Options, type Values } from "./report/options.ts";
import { formatTable } from "./report/table.ts";
import { records } from "./records.ts";
import { replicache } from "./replicache.ts";
import { tasks } from "./tasks.ts";
import { writes } from "./writes.ts";

const BENCHES: Readonly<Record<string, Bench>> = {
  fanout,
  idle,
  "catch-up": catchUp,
  churn,
  patterns,
  interference,
  writes,
  records,
  files,
  tasks,
  replicache,
};

async function runBench(name: string, bench: Bench, values: Values<Options>, json: boolean): Promise<void> {
  const reports = await bench.run(values);
  for (const report of reports) console.log(json ? toJson(name, values, report) : `${toText(report)}\n`);
  const failures = reports.flatMap((report) => report.failures);
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
}

function program(): Command {
  const root = new Command("npm run bench --").description(
    "Runs one benchmark and prints a table that compares Headwater with the peers installed on this machine.",
  );
  for (const [name, bench] of Object.entries(BENCHES)) {
    root.addCommand(
      benchCommand(name, bench.summary, bench.options, (values, json) => runBench(name, bench, values, json)),
    );
  }
  return root;
}

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

// Exit handlers clean up what a bench started, but a signal alone does not run them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
await program()
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
