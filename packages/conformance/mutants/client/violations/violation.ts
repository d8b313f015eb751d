import type { RuleName } from "../../../src/clients/model/rules.ts";
import { type When, WHENS } from "../../framework/when.ts";
import type { Field, Parts } from "../parts.ts";

/** A way to break one rule. */
export interface Violation {
  readonly rule: RuleName;
  /** What the client does: "keeps the space". */
  readonly does: string;
  /** Made for each client, since a part may remember something. */
  readonly make: () => Partial<Parts>;
  /** The connections on which it may do so and break the rule; all three kinds by default. */
  readonly whens: readonly When[];
}

export const violation = (
  rule: RuleName,
  does: string,
  parts: Partial<Parts> | (() => Partial<Parts>),
  whens: readonly When[] = WHENS,
): Violation => ({ rule, does, make: typeof parts === "function" ? parts : () => parts, whens });

/** For parts that only matter on more than one connection. */
export const ALWAYS: readonly When[] = ["every"];

/** A change of the fields with one name. */
export const inField = (name: string, change: (raw: string, value: string) => string): Partial<Parts> => ({
  field: ([given, value], _, line): Field =>
    given === name ? [given, change(line.includes(":") ? line.slice(name.length + 1) : "", value)] : [given, value],
});

/** The same violation for each field that has a value. */
export const inEachField = (
  rule: RuleName,
  does: (name: string) => string,
  change: (raw: string, value: string) => string,
  names: readonly string[] = ["data", "event", "id"],
): Violation[] => names.map((name) => violation(rule, does(name), inField(name, change)));
