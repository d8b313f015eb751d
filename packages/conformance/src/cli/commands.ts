import { Command, CommanderError } from "@commander-js/extra-typings";
import { Failure } from "../core/checks.ts";
import { clientCommand } from "./client-command.ts";
import { EXIT } from "./output.ts";
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

/** Tells the exit code of what was judged. */
export type Finish = (code: number) => void;

/**
 * Runs the command line.
 *
 * @param args without the names of runtime and script
 * @returns 0 when all is green, 1 for failures, 2 for bad usage
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  let code: number = EXIT.green;
  const finish: Finish = (verdict) => (code = verdict);
  const program = new Command("headwater-conformance")
    .description("Judges SSE servers and SSE clients, one sentence of a standard at a time.")
    .addHelpText(
      "after",
      "\nExit codes: 0 all green, 1 failures, 2 bad usage. What a server does not offer is no failure.",
    )
    .exitOverride();
  for (const command of COMMANDS.map((make) => make(finish))) {
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    // Commander has said what it had to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.green : EXIT.usage;
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.failures;
  }
}
