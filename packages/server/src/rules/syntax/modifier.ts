import { quote, RuleError } from "./rule-error.ts";

const MODIFIERS = ["isset", "changed", "length", "each", "lower"] as const;
export type Modifier = (typeof MODIFIERS)[number];

/**
 * Splits the last part of a name: `tags:each` is the name `tags` with the modifier `each`. A part with more than one
 * colon has no modifier.
 *
 * @throws RuleError for an unknown modifier
 */
export function splitModifier(part: string, position: number): [name: string, modifier?: Modifier] {
  const [name = "", suffix, ...rest] = part.split(":");
  if (suffix === undefined || rest.length > 0) return [part];
  const modifier = MODIFIERS.find((known) => known === suffix);
  if (!modifier) throw new RuleError(`unknown modifier in ${quote(part)}`, position);
  return [name, modifier];
}
