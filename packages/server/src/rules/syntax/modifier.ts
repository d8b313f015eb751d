import { RuleError } from "./rule-error.ts";

const MODIFIERS = ["isset", "changed", "length", "each", "lower"] as const;
export type Modifier = (typeof MODIFIERS)[number];

/** The last part of a name in two: `tags:each` is the name `tags` and a modifier. More than one colon is no modifier. */
export function splitModifier(part: string, position: number): [name: string, modifier?: Modifier] {
  const [name = "", suffix, ...rest] = part.split(":");
  if (suffix === undefined || rest.length > 0) return [part];
  const modifier = MODIFIERS.find((known) => known === suffix);
  if (!modifier) throw new RuleError(`unknown modifier ":${suffix}"`, position);
  return [name, modifier];
}
