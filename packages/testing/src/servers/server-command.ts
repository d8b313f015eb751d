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
 */
export const commandOf = (kind: ServerKind, runtimeArgs: readonly string[] = []): readonly string[] =>
  kind === "pocketbase"
    ? ["pocketbase"]
    : [
        process.execPath,
        "--no-orphans",
        ...runtimeArgs,
        fileURLToPath(new URL("../../../server/src/main.ts", import.meta.url)),
      ];

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line to its end. @param input text for standard input */
export async function runCommand(kind: ServerKind, args: readonly string[], input = ""): Promise<CommandResult> {
  const child = Bun.spawn([...commandOf(kind), ...args], { stdin: Buffer.from(input), stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}
