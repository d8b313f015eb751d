import { Command, CommanderError } from "@commander-js/extra-typings";
import { Failure } from "../core/checks.ts";
import { clientCommand } from "./client-command.ts";
import type { SetExitCode } from "./exit-code.ts";
import { EXIT } from "./run-and-report.ts";
import { pocketbaseCommand } from "./pocketbase-command.ts";
import { replicacheStreamCommand } from "./replicache-stream-command.ts";
import { sseCommand } from "./sse-command.ts";
import { tasksCommand } from "./tasks-command.ts";
import { versionCommand } from "./version-command.ts";

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
