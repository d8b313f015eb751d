import { Command, InvalidArgumentError, Option } from "commander";
import { TRANSPORTS, type TransportKind } from "./transports.ts";

export interface Options {
  /** Runs only the scenarios whose name contains this text. */
  readonly only: string | undefined;
  readonly seed: number;
  readonly seeds: number;
  /** How many scenarios run at the same time. */
  readonly lanes: number;
  readonly transport: TransportKind;
  readonly short: boolean;
  readonly list: boolean;
}

type Flags = Omit<Options, "seeds"> & { readonly seeds?: number };

/** The command line of `npm run stress`. It calls `run` with the parsed options. */
export const stressCommand = (run: (options: Options) => Promise<void>): Command =>
  new Command("npm run stress --")
    .description(
      "Starts real servers, connects and disconnects clients, kills servers in between, then compares what each client received with the log.",
    )
    .option("--only <name>", "run only the scenarios whose name contains this text")
    .option("--seed <s>", "the first seed", readNumber, 1 + (Date.now() % 1_000_000))
    .option("--seeds <n>", "number of seeds for each randomized scenario (default: 20; 2 with --short)", readNumber)
    .option("--lanes <n>", "number of scenarios to run at the same time", readNumber, 3)
    .addOption(
      new Option("--transport <kind>", "how clients connect; mixed: every other client uses a WebSocket")
        .choices(TRANSPORTS)
        .default("mixed"),
    )
    .option("--short", "run fewer, smaller scenarios, in under half a minute", false)
    .option("--list", "list the scenarios and run nothing", false)
    .action(async (flags: Flags) => {
      await run({ ...flags, only: flags.only, seeds: flags.seeds ?? (flags.short ? 2 : 20) });
    });

function readNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return Number(text);
}
