import { writeFileSync } from "node:fs";
import { type CaseResult, type Profile, type Report, tally } from "../core/case.ts";
import { runProfile } from "../core/run-profile.ts";
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

/** All green; something failed; the command itself was wrong. */
export const EXIT = { green: 0, failures: 1, usage: 2 } as const;

/** Runs a profile and writes its report. @returns the exit code */
export async function judge<Options, World>(
  profile: Profile<Options, World>,
  options: Options,
  target: string,
  output: OutputOptions,
): Promise<number> {
  const { only, patienceMs, format = "human" } = output;
  const write = (text: string): void => void process.stdout.write(text);
  const onResult: ((result: CaseResult) => void) | undefined = format === "human" ? humanReporter(write) : undefined;
  const report = await runProfile(profile, options, { target, only, patienceMs, onResult });
  if (report.results.length === 0) {
    process.stderr.write(`No case of the profile ${profile.name} has “${only}” in its name.\n`);
    return EXIT.usage;
  }
  write({ human: formatSummary, json: toJson, junit: toJunit }[format](report));
  saveReport(report, output);
  return tally(report).failed === 0 ? EXIT.green : EXIT.failures;
}

export function saveReport(report: Report, { jsonFile, junitFile }: OutputOptions): void {
  if (jsonFile !== undefined) writeFileSync(jsonFile, toJson(report));
  if (junitFile !== undefined) writeFileSync(junitFile, toJunit(report));
}
