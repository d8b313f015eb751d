import { writeFileSync } from "node:fs";
import { type CaseResult, type Profile, type Report, tally } from "../core/case.ts";
import { type RunOptions, runProfile } from "../core/run-profile.ts";
import { startServer } from "../serve/start-server.ts";
import { formatSummary, humanReporter } from "../report/human.ts";
import { toJson } from "../report/json.ts";
import { toJunit } from "../report/junit.ts";

/** Options of every profile. */
export interface OutputOptions {
  readonly patienceMs?: number | undefined;
  readonly heartbeatMs?: number | undefined;
  readonly listenMs?: number | undefined;
  /** Multiplies every wait. */
  readonly clock?: number | undefined;
  readonly only?: string | undefined;
  readonly bail?: boolean | undefined;
  readonly format?: "human" | "json" | "junit" | undefined;
  /** Files to write the report to as well. */
  readonly jsonFile?: string | undefined;
  readonly junitFile?: string | undefined;
}

/** How to start a server for the run. */
export interface ServeOptions {
  readonly serve?: string | undefined;
  readonly health?: string;
}

/** Exit codes. */
export const EXIT = { passed: 0, failures: 1, usage: 2 } as const;

/** Runs a profile and writes the report. @returns the exit code */
export const runAndReport = <Options, World>(
  profile: Profile<Options, World>,
  options: Options,
  target: string,
  output: OutputOptions,
): Promise<number> => reportRun(profile, target, output, (run) => runProfile(profile, options, run));

/** Runs and writes the report; `run` decides where the cases run. @returns the exit code */
export async function reportRun(
  profile: Pick<Profile<never, never>, "name" | "subject">,
  target: string,
  output: OutputOptions,
  run: (options: RunOptions) => Promise<Report>,
): Promise<number> {
  const { only, bail, patienceMs, heartbeatMs, listenMs, clock: scale, format = "human" } = output;
  const write = (text: string): void => void process.stdout.write(text);
  const onResult: ((result: CaseResult) => void) | undefined =
    format === "human" ? humanReporter(write, profile.subject) : undefined;
  const report = await run({ target, only, bail, clock: { patienceMs, heartbeatMs, listenMs, scale }, onResult });
  if (report.results.length === 0) {
    process.stderr.write(`No case of the profile ${profile.name} has “${only}” in its group or name.\n`);
    return EXIT.usage;
  }
  write({ human: formatSummary, json: toJson, junit: toJunit }[format](report));
  save(report, output);
  return tally(report).failed === 0 ? EXIT.passed : EXIT.failures;
}

function save(report: Report, { jsonFile, junitFile }: OutputOptions): void {
  if (jsonFile !== undefined) writeFileSync(jsonFile, toJson(report));
  if (junitFile !== undefined) writeFileSync(junitFile, toJunit(report));
}

/** Calls `run` with the URL, after starting the server that `--serve` names, if any. Stops it afterwards. */
export async function withServer<T>(
  url: string,
  { serve, health = "/api/health" }: ServeOptions,
  run: (url: string) => Promise<T>,
): Promise<T> {
  if (serve === undefined) return run(url);
  const server = await startServer({ command: serve, health });
  // The server has its own process group, which Ctrl-C does not reach.
  const interrupt = (): void => void server.stop().finally(() => process.exit(EXIT.failures));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  try {
    return await run(url.replaceAll("{port}", String(server.port)));
  } finally {
    await server.stop();
  }
}
