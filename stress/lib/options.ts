import { Command, InvalidArgumentError, Option } from "commander";
import { TRANSPORTS, type TransportKind } from "./transports.ts";

export interface Options {
  /** Part of a scenario's name. */
  readonly only: string | undefined;
  readonly seed: number;
  readonly seeds: number;
  /** Scenarios that run at the same time. */
  readonly lanes: number;
  readonly transport: TransportKind;
  readonly short: boolean;
  readonly list: boolean;
}

type Flags = Omit<Options, "seeds"> & { readonly seeds?: number };

/** The command line of `npm run stress`; `run` gets what it says. */
export const stressCommand = (run: (options: Options) => Promise<void>): Command =>
  new Command("npm run stress --")
    .description(
      "Starts real servers, lets clients come and go and kills servers in between; then compares what each client got with the log.",
    )
    .option("--only <name>", "run the scenarios whose name contains this text")
    .option("--seed <s>", "the first seed", readNumber, 1 + (Date.now() % 1_000_000))
    .option("--seeds <n>", "seeds for each scenario in which chance decides (default: 20; 2 with --short)", readNumber)
    .option("--lanes <n>", "scenarios that run at the same time", readNumber, 3)
    .addOption(
      new Option("--transport <kind>", "mixed: every other client uses a WebSocket")
        .choices(TRANSPORTS)
        .default("mixed"),
    )
    .option("--short", "run fewer and smaller scenarios, in under half a minute", false)
    .option("--list", "list the scenarios and run nothing", false)
    .action(async (flags: Flags) => {
      await run({ ...flags, only: flags.only, seeds: flags.seeds ?? (flags.short ? 2 : 20) });
    });

function readNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}
