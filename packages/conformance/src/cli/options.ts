import {
  type Command,
  type CommandUnknownOpts,
  InvalidArgumentError,
  Option,
  type OptionValues,
} from "@commander-js/extra-typings";
import { findBrowser } from "../browser/launch.ts";

/** Adds what every profile can be told. */
export const reporting = <Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>) =>
  command
    .addOption(new Option("--only <text>", "run the cases with this in their group or name"))
    .option("--patience-ms <ms>", "what has not happened after so long will not", wholeNumber, 10_000)
    .addOption(
      new Option("--format <format>", "what is written to standard output")
        .choices(["human", "json", "junit"] as const)
        .default("human" as const),
    )
    .option("--json-file <path>", "write the report as JSON to this file besides")
    .option("--junit-file <path>", "write the report as JUnit XML to this file besides");

/** Adds the same for profiles of servers, and a way to start one. */
export const judging = <Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>) =>
  reporting(command)
    .option("--serve <command>", "start this server first and stop it afterwards; {port} and {dir} are filled in")
    .option("--health <path>", "the path that says that it is ready", "/api/health");

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}

/** `{port}` stands for that of a server that `--serve` starts. */
export function httpUrl(text: string): string {
  const url = text.replaceAll("{port}", "1");
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ""))
    throw new InvalidArgumentError("It must be an http:// or https:// URL.");
  return text;
}

/** `Name: value`, as often as is wanted. */
export function header(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf(":");
  if (at <= 0) throw new InvalidArgumentError("It must be `Name: value`.");
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

/** `EMAIL:PASSWORD`; the password may hold colons. */
export function account(text: string): { readonly email: string; readonly password: string } {
  const at = text.indexOf(":");
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError("It must be EMAIL:PASSWORD.");
  return { email: text.slice(0, at), password: text.slice(at + 1) };
}

/** The browser that was named, or one that is installed. */
export function browserProgram(named: string | true, command: CommandUnknownOpts): string {
  const program = named === true ? findBrowser() : named;
  return program ?? command.error("error: no Chromium is on the PATH; name one: --browser <program>");
}

export function jsonText(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new InvalidArgumentError("It must be JSON.");
  }
}
