import { toBool } from "./coerce.ts";
import { excerpt } from "./excerpt.ts";

type Modifier = (value: unknown) => unknown;

/** Paths to keep, each with what is done to the value there. */
export type FieldPick = ReadonlyMap<string, Modifier | undefined>;

/**
 * Reads the `fields` parameter: `title, author.name, *, body:excerpt(200, true)`.
 *
 * @returns `undefined` when it can't be read: unbalanced quotes or brackets, an unknown modifier, bad arguments
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

/** The value with the picked keys alone; lists are picked from item by item, anything else stays as it is. */
export function pickFields(value: unknown, pick: FieldPick): unknown {
  if (pick.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return isObject(value[0]) ? value.map((item) => pickFields(item, pick)) : value;
  const picked: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const nested = below(pick, key);
    if (pick.has(key)) picked[key] = apply(pick.get(key), inner);
    else if (nested.size > 0) picked[key] = pickFields(inner, nested);
    else if (pick.has("*")) picked[key] = apply(pick.get("*"), inner);
  }
  return picked;
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const apply = (modifier: Modifier | undefined, value: unknown): unknown => (modifier ? modifier(value) : value);

function below(pick: FieldPick, key: string): FieldPick {
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
 * The trimmed, non-empty parts between separators that stand outside quotes and, if told so, outside brackets.
 *
 * @returns `undefined` when a quote or bracket stays open
 */
function split(text: string, separator: RegExp, bracketsHold: boolean): string[] | undefined {
  const parts = [""];
  let depth = 0;
  let quote = "";
  let previous = "";
  for (const char of text) {
    if (previous !== "\\") {
      if (quote === "" && bracketsHold && char === "(") depth++;
      else if (quote === "" && bracketsHold && char === ")" && depth > 0) depth--;
      else if (/['"`]/.test(char) && (quote === "" || quote === char)) quote = quote === "" ? char : "";
    }
    previous = char;
    if (depth === 0 && quote === "" && separator.test(char)) parts.push("");
    else parts[parts.length - 1] += char;
  }
  if (depth > 0 || quote !== "") return undefined;
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
