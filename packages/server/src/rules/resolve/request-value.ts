import { toNumber, toText, toTexts } from "../../lib/text/coerce.ts";
import type { RequestOperand } from "./condition.ts";
import type { RuleContext } from "../rule-context.ts";

/** A value in a rule: a number is a float, a bigint an integer. */
export type RuleValue = string | number | bigint | boolean | null;

/** Reads an operand from the request; `null` if it is missing. */
export function requestValue(operand: RequestOperand, context: RuleContext): RuleValue {
  const [part, ...keys] = operand.path;
  const found = part === "auth" ? authValue(keys, context) : valueAt(context, operand.path);
  switch (operand.reading) {
    case "isset":
      return found !== undefined;
    case "length":
      return BigInt(listOf(found).length);
    case "text":
      return typeof found === "object" && found !== null && !Array.isArray(found) ? jsonText(found) : toText(found);
    case "json":
      return found === undefined ? null : jsonText(found);
    case "number":
      return typeof found === "string" && isNumber(found) ? toNumber(found) : plainValue(found);
    case "value":
      return plainValue(found);
  }
}

/** The items of a submitted field; a single value counts as a list of one. */
export const bodyItems = (field: string, { body }: RuleContext): readonly unknown[] =>
  Object.hasOwn(body, field) ? listOf(body[field]) : [];

/** The ids submitted for a relation. */
export const bodyIds = (field: string, { body }: RuleContext): readonly string[] =>
  Object.hasOwn(body, field) ? toTexts(body[field]) : [];

/** JSON as PocketBase writes it, with sorted keys. */
export const jsonText = (value: unknown): string => JSON.stringify(sorted(value));

function authValue(keys: readonly string[], { principal }: RuleContext): unknown {
  if (principal.kind === "guest") return undefined;
  const { collection, values } = principal;
  if (keys[0] === "collectionId") return collection.id;
  return keys[0] === "collectionName" ? collection.name : valueAt(values, keys);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (Array.isArray(at)) at = /^\d+$/.test(key) ? at[Number(key)] : undefined;
    else at = isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

function plainValue(value: unknown): RuleValue {
  if (value === undefined || value === null) return null;
  const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isScalar ? value : jsonText(value);
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const ZERO = /^[+-]?(?:0+(?:\.0*)?|\.0+)(?:e[+-]?\d+)?$/i;
const isNumber = (text: string): boolean => toNumber(text) !== 0 || ZERO.test(text);

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
