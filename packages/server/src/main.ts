import { runCommand } from "./cli/commands.ts";
import { formatError } from "./cli/format-error.ts";

try {
  await runCommand(process.argv.slice(2));
} catch (error) {
  process.stderr.write(formatError(error));
  process.exitCode = 1;
}
// Nothing that a library still holds open may keep a finished command running.
process.exit();
