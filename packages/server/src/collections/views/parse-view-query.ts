import { splitTopLevel } from "../../lib/text/split-top-level.ts";

/** A column or table of a query, with its alias. */
export interface Identifier {
  readonly original: string;
  readonly alias: string;
}

export interface ViewQuery {
  readonly columns: readonly Identifier[];
  /** The first one is the main table. */
  readonly tables: readonly Identifier[];
}

/** A view's query can't be used; the message is PocketBase's. */
export class ViewQueryError extends Error {
  override readonly name = "ViewQueryError";
}

/** Trims spaces and semicolons. @throws ViewQueryError for more than one statement */
export function trimViewQuery(query: string): string {
  const trimmed = query.trim().replaceAll(/^;+|;+$/g, "");
  if ((splitTopLevel(trimmed, ";") ?? []).length > 1) throw new ViewQueryError("multiple statements are not supported");
  return trimmed;
}

const COMMENT = /\/\*[\s\S]*?\*\/|--.+$/gm;
const JOIN = /\s+(?:(?:full|left|right)\s+outer\s+join|(?:full|cross|inner|outer|left|right)\s+join|join)\s/gi;
const DISCARD = /\s+(?:where|group\s+by|having|order|limit|with)\s/gi;

/**
 * Finds the columns and tables of a SELECT. As in PocketBase, it looks at keywords instead of parsing the grammar; a
 * column that it misreads becomes a json field.
 *
 * @throws ViewQueryError for a query that it can't split
 */
export function parseViewQuery(query: string): ViewQuery {
  const text = query
    .trim()
    .replaceAll(/^;+|;+$/g, "")
    .replaceAll(COMMENT, " ")
    .replaceAll(JOIN, " __join__ ")
    .replaceAll(DISCARD, " __discard__ ");
  // Keep commas as words of their own.
  const words = split(text.replaceAll(",", " , "), " \n\t");
  const parts = { select: "", from: "", join: "" };
  let part: keyof typeof parts | undefined;
  let skip = false;
  for (const word of words) {
    const lower = word.toLowerCase();
    if (lower === "select" || lower === "from" || lower === "__join__") {
      if (lower === "__join__" && part === "join") parts.join += ",";
      part = lower === "__join__" ? "join" : lower;
      skip = false;
    } else if (lower === "__discard__" || (lower === "on" && part === "join")) {
      skip = true;
    } else if (lower !== "distinct" && !skip && part) {
      parts[part] += ` ${word}`;
    }
  }
  return {
    columns: identifiersIn(parts.select),
    tables: [...identifiersIn(parts.from), ...identifiersIn(parts.join)],
  };
}

function split(text: string, separators: string): readonly string[] {
  const parts = splitTopLevel(text, separators);
  if (!parts) throw new ViewQueryError(`unbalanced parenthesis or quoted expression: ${JSON.stringify(text)}`);
  return parts;
}

const identifiersIn = (text: string): readonly Identifier[] =>
  split(text, ",").map((item) => toIdentifier(split(item, " \n\t")));

function toIdentifier(words: readonly string[]): Identifier {
  const [first = "", second = "", third = ""] = words;
  if (words.length === 1) return identifier(first, first.slice(first.lastIndexOf(".") + 1));
  if (words.length === 2) return identifier(first, second);
  if (words.length !== 3) throw new ViewQueryError(`invalid identifier parts [${words.join(" ")}]`);
  if (second.toLowerCase() !== "as") throw new ViewQueryError(`invalid identifier part - expected "as", got ${second}`);
  return identifier(first, third);
}

const identifier = (original: string, alias: string): Identifier => ({
  original: unquote(original, /^[`"[\];]+|[`"[\];]+$/g),
  alias: unquote(alias, /^[`"[\];']+|[`"[\];']+$/g),
});

const unquote = (path: string, ends: RegExp): string =>
  path
    .split(".")
    .map((name) => name.replaceAll(ends, ""))
    .join(".");
