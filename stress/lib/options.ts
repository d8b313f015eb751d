import { Command, InvalidArgumentError, Option } from "commander";
import { TRANSPORTS, type TransportKind } from "./transports.ts";

export interface Options {
  /** Runs only the scenarios whose name contains this text. */
  readonly only: string | undefined;
  readonly seed: number;
  /** Seeds for each randomized scenario; undefined for the default. */
  readonly seeds: number | undefined;
  /** How many scenarios run at the same time. */
  readonly lanes: number;
  readonly transport: TransportKind;
  readonly short: boolean;
  /** The source tree whose server to run; this one if undefined. */
  readonly server: string | undefined;
  readonly list: boolean;
}

type Flags = Partial<Options> & Omit<Options, "only" | "seeds" | "server">;

/** The command line of `npm run stress`. It calls `run` with the parsed options. */
export const stressCommand = (run: (options: Options) => Promise<void>): Command =>
  new Command("npm run stress --")
    .description(
      "Starts real servers, connects and disconnects clients, kills servers in between, then compares what each client received with the log.",
    )
    .option("--only <name>", "run only the scenarios whose name contains this text")
    .option("--seed <s>", "the first seed", readNumber, 1 + (Date.now() % 1_000_000))
    .option(
      "--seeds <n>",
      "number of seeds for each randomized scenario (default: 20, and 2 for those that measure; 2 and 1 with --short)",
      readNumber,
    )
    .option("--lanes <n>", "number of scenarios to run at the same time", readNumber, 3)
    .addOption(
      new Option("--transport <kind>", "how clients connect; mixed: every other client uses a WebSocket")
        .choices(TRANSPORTS)
        .default("mixed"),
    )
    .option("--server <folder>", "run the server of another source tree, to compare with an earlier version")
    .option("--short", "run fewer, smaller scenarios, in about a minute", false)
    .option("--list", "list the scenarios and run nothing", false)
    .action(async (flags: Flags) => {
      await run({ ...flags, only: flags.only, server: flags.server, seeds: flags.seeds });
    });

function readNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return Number(text);
}
