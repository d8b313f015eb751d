import { toBool } from "./coerce.ts";
import { excerpt } from "./excerpt.ts";

type Modifier = (value: unknown) => unknown;

/** The paths to keep, each with the modifier of its value. */
export type FieldPick = ReadonlyMap<string, Modifier | undefined>;

/**
 * Parses the `fields` parameter: `title, author.name, *, body:excerpt(200, true)`.
 *
 * @returns `undefined` if it is invalid: unbalanced quotes or brackets, an unknown modifier, or invalid arguments
 */
export function parseFields(text: string): FieldPick | undefined {
  const pick = new Map<string, Modifier | undefined>();
  const items = split(text, /,/, true);
  if (items === undefined) return undefined;
  for (const item of items) {
    const colon = item.indexOf(":");
    if (colon < 0) {
      pick.set(item, undefined);
    } else {
      const modifier = parseModifier(item.slice(colon + 1));
      if (modifier === undefined) return undefined;
      pick.set(item.slice(0, colon), modifier);
    }
  }
  return pick;
}

/** Keeps only the picked keys of an object or of each object in a list; any other value is returned unchanged. */
export function pickFields(value: unknown, pick: FieldPick): unknown {
  if (pick.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return isObject(value[0]) ? value.map((item) => pickFields(item, pick)) : value;
  const picked: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const nested = nestedPick(pick, key);
    if (pick.has(key)) picked[key] = apply(pick.get(key), inner);
    else if (nested.size > 0) picked[key] = pickFields(inner, nested);
    else if (pick.has("*")) picked[key] = apply(pick.get("*"), inner);
  }
  return picked;
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const apply = (modifier: Modifier | undefined, value: unknown): unknown => (modifier ? modifier(value) : value);

const nestedPicks = new WeakMap<FieldPick, Map<string, FieldPick>>();

/** The paths that start with a key, without it. The same object each time: a list has many records with the same keys. */
export function nestedPick(pick: FieldPick, key: string): FieldPick {
  let known = nestedPicks.get(pick);
  if (!known) nestedPicks.set(pick, (known = new Map()));
  let nested = known.get(key);
  if (!nested) known.set(key, (nested = nestedIn(pick, key)));
  return nested;
}

function nestedIn(pick: FieldPick, key: string): FieldPick {
  const nested = new Map<string, Modifier | undefined>();
  for (const [path, modifier] of pick) if (path.startsWith(`${key}.`)) nested.set(path.slice(key.length + 1), modifier);
  return nested;
}

function parseModifier(text: string): Modifier | undefined {
  const [name, max, withEllipsis, ...rest] = split(text, /[(), ]/, false) ?? [];
  if (name !== "excerpt" || max === undefined || rest.length > 0) return undefined;
  const limit = /^\+?\d+(?:\.0*)?$/.test(max) ? Number(max) : 0;
  if (limit <= 0) return undefined;
  return (value) => (typeof value === "string" ? excerpt(value, limit, toBool(withEllipsis)) : value);
}

/**
 * Splits at separators outside quotes and optionally outside brackets; parts are trimmed and empty ones dropped.
 *
 * @returns `undefined` if a quote or bracket is not closed
 */
function split(text: string, separator: RegExp, respectBrackets: boolean): string[] | undefined {
  const parts = [""];
  let depth = 0;
  let quote = "";
  let previous = "";
  for (const char of text) {
    if (previous !== "\\") {
      if (quote === "" && respectBrackets && char === "(") depth++;
      else if (quote === "" && respectBrackets && char === ")" && depth > 0) depth--;
      else if (/['"`]/.test(char) && (quote === "" || quote === char)) quote = quote === "" ? char : "";
    }
    previous = char;
    if (depth === 0 && quote === "" && separator.test(char)) parts.push("");
    else parts[parts.length - 1] += char;
  }
  if (depth > 0 || quote !== "") return undefined;
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
