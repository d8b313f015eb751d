import { Command, InvalidArgumentError } from "commander";

export interface Options {
  /** Only the families whose name contains this text. */
  readonly family: string | undefined;
  /** Only the scenarios whose name contains this text. */
  readonly only: string | undefined;
  /** Compare with the recorded answers although PocketBase is installed. */
  readonly recorded: boolean;
  /** Only one family of each kind. */
  readonly short: boolean;
  /** Record PocketBase's answers. */
  readonly record: boolean;
  /** The URL of a running server to test in place of this tree's. */
  readonly against: string | undefined;
  /** How many differences to print for a family. */
  readonly show: number;
}

type Flags = Partial<Record<"family" | "only" | "against", string>> &
  Pick<Options, "recorded" | "record" | "short" | "show">;

const NONE = { family: undefined, only: undefined, against: undefined };

/** The command line of `npm run compat`. It calls `run` with the parsed options. */
export const compatCommand = (run: (options: Options) => Promise<void>): Command =>
  new Command("npm run compat --")
    .description(
      "Plays the same requests against Headwater and stock PocketBase on copies of one folder, and compares the answers. Without `pocketbase` on the PATH, its recorded answers are used.",
    )
    .option("--family <name>", "only the families whose name contains this text")
    .option("--only <text>", "only the scenarios whose name contains this text")
    .option("--recorded", "compare with the recorded answers although PocketBase is installed", false)
    .option("--short", "only one family of each kind", false)
    .option("--record", "record PocketBase's answers in compat/recorded", false)
    .option(
      "--against <url>",
      "test a server that already runs on a copy of compat/fixture/data; name one family, since families change data",
    )
    .option("--show <n>", "how many differences to print for each family", readNumber, 5)
    .action(async (flags: Flags) => run({ ...NONE, ...flags }));

function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** What the person at the command line can fix. */
export class UsageError extends Error {}
