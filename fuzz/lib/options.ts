import { Command, InvalidArgumentError } from "commander";

export interface Options {
  readonly seconds: number;
  readonly seed: number;
  /** Only the areas whose name contains this text. */
  readonly only: string | undefined;
  /** The place of one input among those of a seed: only that one is sent. */
  readonly path: string | undefined;
  /** The source tree whose server to run; this one if undefined. */
  readonly server: string | undefined;
}

type Flags = Pick<Options, "seconds" | "seed"> & Partial<Options>;

/** The command line of `npm run fuzz`. It calls `run` with the parsed options. */
export const fuzzCommand = (run: (options: Options) => Promise<void>): Command =>
  new Command("npm run fuzz --")
    .description(
      "Sends odd inputs of every kind to a server. It must answer them all, and go on serving everyone else.",
    )
    .option("--seconds <n>", "how long to go on", readNumber, 10)
    .option("--seed <s>", "the first seed", readNumber, 1 + (Date.now() % 1_000_000))
    .option("--only <name>", "only the areas whose name contains this text")
    .option("--path <path>", "send one input only: a failure prints its seed and path")
    .option("--server <folder>", "run the server of another source tree")
    .action(async ({ seconds, seed, only, path, server }: Flags) => run({ seconds, seed, only, path, server }));

function readNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return Number(text);
}
