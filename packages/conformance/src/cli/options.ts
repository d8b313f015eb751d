import {
  type Command,
  type CommandUnknownOpts,
  InvalidArgumentError,
  Option,
  type OptionValues,
} from "@commander-js/extra-typings";
import { findBrowser } from "../browser/launch.ts";

/** Adds the options of every profile. */
export const addReportOptions = <Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) =>
  command
    .addOption(new Option("--only <text>", "run only cases whose group or name contains this text"))
    .option("--list", "list the cases with their sentences, and run none; needs no other argument")
    .option("--bail", "stop at the first failure")
    .option("--patience-ms <ms>", "how long to wait for an event", wholeNumber, 10_000)
    .option("--clock <factor>", "multiply every wait by this, on a slow machine", factor, 1)
    .addOption(
      new Option("--format <format>", "the report format on standard output")
        .choices(["human", "json", "junit"] as const)
        .default("human" as const),
    )
    .option("--json-file <path>", "also write the report as JSON to this file")
    .option("--junit-file <path>", "also write the report as JUnit XML to this file");

/** Adds the options of every profile, and those that start a server. */
export const addServerOptions = <Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) =>
  addReportOptions(command)
    .option("--serve <command>", "start this server, and stop it afterwards; {port} and {dir} are filled in")
    .option("--health <path>", "the path that returns 2xx when the server is ready", "/api/health");

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError("It must be a positive whole number.");
  return value;
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It must be a positive number.");
  return value;
}

/** An HTTP URL; `{port}` is the port of the server that `--serve` starts. */
export function httpUrl(text: string): string {
  const url = text.replaceAll("{port}", "1");
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ""))
    throw new InvalidArgumentError("It must be an http:// or https:// URL.");
  return text;
}

/** Adds one `Name: value` to the headers given before. */
export function header(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf(":");
  if (at <= 0) throw new InvalidArgumentError("It must be `Name: value`.");
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

/** `EMAIL:PASSWORD`; the password may contain colons. */
export function account(text: string): { readonly email: string; readonly password: string } {
  const at = text.indexOf(":");
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError("It must be EMAIL:PASSWORD.");
  return { email: text.slice(0, at), password: text.slice(at + 1) };
}

/** The named browser, or an installed Chromium. */
export function browserProgram(named: string | true, command: CommandUnknownOpts): string {
  const program = named === true ? findBrowser() : named;
  return program ?? command.error("error: No Chromium was found on the PATH. Pass its path: --browser <program>");
}

export function jsonText(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new InvalidArgumentError("It must be JSON.");
  }
}
