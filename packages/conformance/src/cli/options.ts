import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { findBrowser } from "../browser/launch.ts";

/** Options that mean the same for every profile. */
export const onlyOption = new Option("--only <text>", "run the cases with this in their group or name");
export const patienceOption = new Option("--patience-ms <ms>", "what has not happened after so long will not")
  .argParser(wholeNumber)
  .default(10_000);
export const formatOption = new Option("--format <format>", "what is written to standard output")
  .choices(["human", "json", "junit"] as const)
  .default("human" as const);
export const jsonOption = new Option("--json-file <path>", "write the report as JSON to this file besides");
export const junitOption = new Option("--junit-file <path>", "write the report as JUnit XML to this file besides");

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}

export function httpUrl(text: string): string {
  if (!/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : ""))
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
