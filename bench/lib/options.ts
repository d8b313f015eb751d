import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** A whole number on the command line. */
export interface NumberOption {
  readonly help: string;
  readonly standard: number;
  readonly least: number;
}

/** Whole numbers with commas between them: the bench is run for each. */
export interface NumbersOption {
  readonly help: string;
  readonly standard: readonly number[];
  readonly least: number;
}

/** One of some words. */
export interface ChoiceOption<Choice extends string = string> {
  readonly help: string;
  readonly standard: Choice;
  readonly choices: readonly Choice[];
}

export type Option = NumberOption | NumbersOption | ChoiceOption;
export type Options = Readonly<Record<string, Option>>;
export type Values<Named extends Options> = { readonly [Name in keyof Named]: Named[Name]["standard"] };

export interface CommandLine {
  readonly json: boolean;
  readonly help: boolean;
  readonly values: Values<Options>;
}

/** @throws Error that says what an option takes */
export function readOptions(options: Options, args: readonly string[]): CommandLine {
  const flags: ParseArgsOptionsConfig = {
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
    ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" }])),
  };
  const { values } = parseArgs({ args: [...args], options: flags });
  return {
    json: values["json"] === true,
    help: values["help"] === true,
    values: Object.fromEntries(
      Object.entries(options).map(([name, option]) => [name, readValue(name, option, values[name])]),
    ),
  };
}

/** One line for each option. */
export const describeOptions = (options: Options): string[] =>
  Object.entries(options).map(
    ([name, option]) =>
      `  ${`--${name} ${placeholder(option)}`.padEnd(26)} ${option.help} (${String(option.standard)})`,
  );

function placeholder(option: Option): string {
  if ("choices" in option) return option.choices.join("|");
  return typeof option.standard === "number" ? "N" : "N,N,...";
}

function readValue(name: string, option: Option, text: unknown): Option["standard"] {
  if (typeof text !== "string") return option.standard;
  if ("choices" in option) {
    if (!option.choices.includes(text)) throw new Error(`--${name} must be one of ${option.choices.join(", ")}`);
    return text;
  }
  if (typeof option.standard === "number") return readNumber(name, option.least, text);
  return text.split(",").map((part) => readNumber(name, option.least, part));
}

function readNumber(name: string, least: number, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new Error(`--${name} must be a whole number from ${least}`);
  return value;
}
