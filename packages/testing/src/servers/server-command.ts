import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Stock PocketBase has the same command line, so tests of shared behaviour can run against it as well. */
export type ServerKind = "headwater" | "pocketbase";

/** The server under test. `HEADWATER_TEST_SERVER=pocketbase` checks the tests themselves against PocketBase. */
export const testedKind: ServerKind =
  process.env["HEADWATER_TEST_SERVER"] === "pocketbase" ? "pocketbase" : "headwater";

export const hasPocketBase = Bun.which("pocketbase") !== null;

/**
 * The command that starts a server. Headwater runs without the npm launcher, so that measurements and signals reach the
 * server's own process. Bun's `--no-orphans` stops it when the test process dies, even by SIGKILL.
 *
 * @param runtimeArgs arguments for Bun, such as a preload
 * @param root the source tree to run, by default this one
 */
export const commandOf = (
  kind: ServerKind,
  runtimeArgs: readonly string[] = [],
  root: string = THIS_TREE,
): readonly string[] =>
  kind === "pocketbase"
    ? ["pocketbase"]
    : [process.execPath, "--no-orphans", ...runtimeArgs, join(root, "packages/server/src/main.ts")];

const THIS_TREE = fileURLToPath(new URL("../../../..", import.meta.url));

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. @param input text for standard input @param root as in `commandOf` */
export async function runCommand(
  kind: ServerKind,
  args: readonly string[],
  input = "",
  root?: string,
): Promise<CommandResult> {
  const child = Bun.spawn([...commandOf(kind, [], root), ...args], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}
