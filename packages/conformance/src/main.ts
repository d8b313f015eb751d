import { runCommand } from "./cli/run-command.ts";

process.exitCode = await runCommand(process.argv.slice(2));
// The result is known; a library may still hold a socket open.
process.exit();
