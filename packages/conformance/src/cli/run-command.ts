import { Command, CommanderError } from "@commander-js/extra-typings";
import { clientProfile } from "../clients/profile.ts";
import { Failure } from "../core/checks.ts";
import { matches } from "../core/run-profile.ts";
import { pocketbaseProfile } from "../profiles/pocketbase/profile.ts";
import { replicacheStreamProfile } from "../profiles/replicache-stream/profile.ts";
import { jsonSseProfile } from "../profiles/sse/profile.ts";
import { tasksProfile } from "../profiles/tasks/profile.ts";
import { versionProfile } from "../profiles/version/profile.ts";
import { formatCase } from "../report/human.ts";
import { clientCommand } from "./client-command.ts";
import type { SetExitCode } from "./exit-code.ts";
import { EXIT } from "./run-and-report.ts";
import { pocketbaseCommand } from "./pocketbase-command.ts";
import { replicacheStreamCommand } from "./replicache-stream-command.ts";
import { sseCommand } from "./sse-command.ts";
import { tasksCommand } from "./tasks-command.ts";
import { versionCommand } from "./version-command.ts";

/** The profiles by the names of their commands. */
const PROFILES = {
  sse: jsonSseProfile,
  tasks: tasksProfile,
  version: versionProfile,
  pocketbase: pocketbaseProfile,
  "replicache-stream": replicacheStreamProfile,
  client: clientProfile,
} as const;

const COMMANDS = [
  sseCommand,
  tasksCommand,
  versionCommand,
  pocketbaseCommand,
  replicacheStreamCommand,
  clientCommand,
] as const;

/**
 * Runs the command line.
 *
 * @param args the arguments, without the runtime and the script
 * @returns the exit code: 0 if no case failed, 1 for failures, 2 for bad usage
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  if (args.includes("--list")) return list(args);
  let code: number = EXIT.passed;
  const setExitCode: SetExitCode = (value) => (code = value);
  const program = new Command("headwater-conformance")
    .description("Tests SSE servers and SSE clients, one sentence of a standard at a time.")
    .addHelpText(
      "after",
      "\nExit codes: 0 no failures, 1 failures, 2 bad usage. A feature that is not offered is not a failure.",
    )
    .exitOverride();
  for (const command of COMMANDS.map((make) => make(setExitCode))) {
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    // Commander has already printed the message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.usage;
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.failures;
  }
}

/** `--list`: the cases of a profile, whatever else its command needs. */
function list(args: readonly string[]): number {
  const profile = PROFILES[args[0] as keyof typeof PROFILES];
  if (!profile) {
    process.stderr.write(`error: --list needs a profile: ${Object.keys(PROFILES).join(", ")}\n`);
    return EXIT.usage;
  }
  const only = args.includes("--only") ? args[args.indexOf("--only") + 1] : undefined;
  for (const each of profile.cases) if (matches<never>(each, only)) process.stdout.write(formatCase(each));
  return EXIT.passed;
}
