import { runCommand } from "./cli/commands.ts";
import { formatError } from "./cli/format-error.ts";

try {
  await runCommand(process.argv.slice(2));
} catch (error) {
  process.stderr.write(formatError(error));
  process.exitCode = 1;
}
// Whatever a library still holds open must not keep a finished command from ending.
process.exit();
