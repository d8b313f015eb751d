import { writeFileSync } from "node:fs";
import { type CaseResult, type Profile, type Report, tally } from "../core/case.ts";
import { type RunOptions, runProfile } from "../core/run-profile.ts";
import { startServer } from "../fixtures/start-server.ts";
import { formatSummary, humanReporter } from "../report/human.ts";
import { toJson } from "../report/json.ts";
import { toJunit } from "../report/junit.ts";

/** What every judgement can be told. */
export interface OutputOptions {
  readonly patienceMs?: number | undefined;
  readonly only?: string | undefined;
  readonly format?: "human" | "json" | "junit" | undefined;
  /** Files that get the report besides. */
  readonly jsonFile?: string | undefined;
  readonly junitFile?: string | undefined;
}

/** How a server is started that is not there yet. */
export interface ServeOptions {
  readonly serve?: string | undefined;
  readonly health?: string;
}

/** All green; something failed; the command itself was wrong. */
export const EXIT = { green: 0, failures: 1, usage: 2 } as const;

/** Runs a profile and writes its report. @returns the exit code */
export const judge = <Options, World>(
  profile: Profile<Options, World>,
  options: Options,
  target: string,
  output: OutputOptions,
): Promise<number> => report(profile, target, output, (run) => runProfile(profile, options, run));

/** Writes what a run gives, wherever that takes place. @returns the exit code */
export async function report(
  profile: Pick<Profile<never, never>, "name" | "judges">,
  target: string,
  output: OutputOptions,
  run: (options: RunOptions) => Promise<Report>,
): Promise<number> {
  const { only, patienceMs, format = "human" } = output;
  const write = (text: string): void => void process.stdout.write(text);
  const onResult: ((result: CaseResult) => void) | undefined =
    format === "human" ? humanReporter(write, profile.judges) : undefined;
  const done = await run({ target, only, patienceMs, onResult });
  if (done.results.length === 0) {
    process.stderr.write(`No case of the profile ${profile.name} has “${only}” in its name.\n`);
    return EXIT.usage;
  }
  write({ human: formatSummary, json: toJson, junit: toJunit }[format](done));
  save(done, output);
  return tally(done).failed === 0 ? EXIT.green : EXIT.failures;
}

function save(done: Report, { jsonFile, junitFile }: OutputOptions): void {
  if (jsonFile !== undefined) writeFileSync(jsonFile, toJson(done));
  if (junitFile !== undefined) writeFileSync(junitFile, toJunit(done));
}

/** Does something with a server: the one at the URL, or one that is started for it, and stopped. */
export async function withServer<T>(
  url: string,
  { serve, health = "/api/health" }: ServeOptions,
  run: (url: string) => Promise<T>,
): Promise<T> {
  if (serve === undefined) return run(url);
  const server = await startServer({ command: serve, health });
  // It is in a group of its own, where Ctrl-C does not reach it.
  const interrupt = (): void => void server.stop().finally(() => process.exit(EXIT.failures));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  try {
    return await run(url.replaceAll("{port}", String(server.port)));
  } finally {
    await server.stop();
  }
}
