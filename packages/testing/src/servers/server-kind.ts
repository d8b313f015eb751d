import { fileURLToPath } from "node:url";

/** Stock PocketBase understands the same command line, so every test of shared behaviour can be run against it. */
export type ServerKind = "headwater" | "pocketbase";

/** What the tests run against: `HEADWATER_TEST_SERVER=pocketbase` holds the tests themselves to the original. */
export const testedKind: ServerKind =
  process.env["HEADWATER_TEST_SERVER"] === "pocketbase" ? "pocketbase" : "headwater";

export const hasPocketBase = Bun.which("pocketbase") !== null;

/**
 * Our program is run without the npm launcher, so that the process that is measured or killed is the server itself; the
 * runtime's flag ends it with the test, even if that is killed.
 *
 * @param runtimeArgs for Bun itself, such as a preload
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

/** One run of the program to its end, with a text on its standard input. */
export async function runCommand(kind: ServerKind, args: readonly string[], input = ""): Promise<CommandResult> {
  const child = Bun.spawn([...commandOf(kind), ...args], { stdin: Buffer.from(input), stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}
