import { toBool } from "./text/coerce.ts";
import { excerpt } from "./text/excerpt.ts";

type Modifier = (value: unknown) => unknown;

/** What to keep of a value: the whole, or some of its keys. */
export interface FieldPick {
  readonly isWhole: boolean;
  /** Changes the whole value. */
  readonly modifier: Modifier | undefined;
  /** By key. `*` stands for all other keys. With no keys at the top, everything is kept. */
  readonly nested: ReadonlyMap<string, FieldPick>;
}

/**
 * Parses the `fields` parameter: `title, author.name, *, body:excerpt(200, true)`.
 *
 * @returns `undefined` if it is invalid: unbalanced quotes or brackets, an unknown modifier, or invalid arguments
 */
export function parseFields(text: string): FieldPick | undefined {
  const pick = new GrowingPick();
  const items = split(text, /,/, true);
  if (items === undefined) return undefined;
  for (const item of items) {
    const colon = item.indexOf(":");
    if (colon < 0) {
      pick.add(item, undefined);
    } else {
      const modifier = parseModifier(item.slice(colon + 1));
      if (modifier === undefined) return undefined;
      pick.add(item.slice(0, colon), modifier);
    }
  }
  return pick;
}

/** Keeps only the picked keys of an object or of each object in a list; any other value is returned unchanged. */
export function pickFields(value: unknown, pick: FieldPick): unknown {
  if (pick.nested.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return isObject(value[0]) ? value.map((item) => pickFields(item, pick)) : value;
  const picked: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const kept = pickOf(pick, key);
    if (kept) picked[key] = kept.isWhole ? apply(kept.modifier, inner) : pickFields(inner, kept);
  }
  return picked;
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const apply = (modifier: Modifier | undefined, value: unknown): unknown => (modifier ? modifier(value) : value);

/** What to keep of the value of a key; `undefined` for nothing. A key may hold dots itself: it counts as a path. */
export function pickOf(pick: FieldPick, key: string): FieldPick | undefined {
  const own = key.includes(".")
    ? key.split(".").reduce<FieldPick | undefined>((at, part) => at?.nested.get(part), pick)
    : pick.nested.get(key);
  if (own) return own;
  const others = pick.nested.get("*");
  return others?.isWhole ? others : undefined;
}

/** A tree that grows while the parameter is parsed. */
class GrowingPick implements FieldPick {
  isWhole = false;
  modifier: Modifier | undefined;
  readonly nested = new Map<string, GrowingPick>();

  add(path: string, modifier: Modifier | undefined): void {
    const end = path.split(".").reduce((at, part) => at.#child(part), this as GrowingPick);
    end.isWhole = true;
    end.modifier = modifier;
  }

  #child(key: string): GrowingPick {
    let child = this.nested.get(key);
    if (!child) this.nested.set(key, (child = new GrowingPick()));
    return child;
  }
}

function parseModifier(text: string): Modifier | undefined {
  const [name, max, withEllipsis, ...rest] = split(text, /[(), ]/, false) ?? [];
  if (name !== "excerpt" || max === undefined || rest.length > 0) return undefined;
  const limit = /^\+?\d+(?:\.0*)?$/.test(max) ? Number(max) : 0;
  if (limit <= 0) return undefined;
  return (value) => (typeof value === "string" ? excerpt(value, limit, toBool(withEllipsis)) : value);
}

/**
 * Splits at separators outside quotes and optionally outside brackets; parts are trimmed and empty ones dropped. A NUL ends
 * a part, or the text if it begins one, as PocketBase's tokenizer takes it for the end.
 *
 * @returns `undefined` if a quote or bracket is not closed
 */
function split(text: string, separator: RegExp, respectBrackets: boolean): string[] | undefined {
  const parts = [""];
  let depth = 0;
  let quote = "";
  let previous = "";
  for (const char of text) {
    if (char === "\0") {
      if (parts.at(-1) === "" || depth > 0 || quote !== "") break;
      parts.push("");
      previous = "";
      continue;
    }
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
