import { runCommand } from "./cli/commands.ts";

process.exitCode = await runCommand(process.argv.slice(2));
// A library may hold a socket open for a while; the verdict is known.
process.exit();
