import { Command, InvalidArgumentError, Option as Flag } from "commander";

/** A whole number on the command line. */
export interface NumberOption {
  readonly help: string;
  readonly default: number;
  readonly min: number;
}

/** Whole numbers separated by commas: the bench runs once for each. */
export interface NumbersOption {
  readonly help: string;
  readonly default: readonly number[];
  readonly min: number;
}

/** One of a few words. */
export interface ChoiceOption<Choice extends string = string> {
  readonly help: string;
  readonly default: Choice;
  readonly choices: readonly Choice[];
}

/** Any text; "" unless given. */
export interface TextOption {
  readonly help: string;
  readonly default: string;
  /** What the text is, for the help. */
  readonly value: string;
}

export type Option = NumberOption | NumbersOption | ChoiceOption | TextOption;
export type Options = Readonly<Record<string, Option>>;
export type Values<Named extends Options> = { readonly [Name in keyof Named]: Named[Name]["default"] };

/** The subcommand of a bench. It calls `run` with the option values and whether to print JSON instead of a table. */
export function benchCommand(
  name: string,
  summary: string,
  options: Options,
  run: (values: Values<Options>, json: boolean) => Promise<void>,
): Command {
  const command = new Command(name).description(summary);
  for (const [option, definition] of Object.entries(options)) command.addOption(flagOf(option, definition));
  return command.option("--json", "print each table as one line of JSON").action(async () => {
    const { json, ...values } = command.opts<{ json?: boolean } & Record<string, Option["default"]>>();
    await run(values, json === true);
  });
}

function flagOf(name: string, option: Option): Flag {
  if ("choices" in option)
    return new Flag(`--${name} <choice>`, option.help).choices(option.choices).default(option.default);
  if ("value" in option) return new Flag(`--${name} <${option.value}>`, option.help).default(option.default);
  const { help, min, default: value } = option;
  return typeof value === "number"
    ? new Flag(`--${name} <n>`, help).default(value).argParser((text) => readNumber(min, text))
    : new Flag(`--${name} <n,n,...>`, help)
        .default(value, value.join(","))
        .argParser((text) => text.split(",").map((part) => readNumber(min, part)));
}

function readNumber(min: number, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min)) throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`);
  return value;
}
