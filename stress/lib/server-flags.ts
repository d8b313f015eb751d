import { runCommand } from "@headwater/testing/servers/server-command.ts";

const helps = new Map<string, Promise<string>>();

/**
 * Leaves out the flags that the server does not know: an earlier version has fewer.
 *
 * @param args flags, each followed by its value
 * @param root the source tree of the server; without one, every flag is known
 */
export async function knownFlags(args: readonly string[], root: string | undefined): Promise<readonly string[]> {
  if (root === undefined) return args;
  const help = await helps.getOrInsertComputed(root, async () => {
    const { stdout, stderr } = await runCommand("headwater", ["serve", "--help"], "", root);
    return `${stdout}${stderr}`;
  });
  return args.filter((_, i) => help.includes(`${args[i - (i % 2)]!} `));
}
