import { badRequest, invalid } from "../../lib/api-error.ts";
import { splitTopLevel } from "../../lib/text/split-top-level.ts";

export const AGGREGATE_FUNCTIONS = ["count", "sum", "avg", "min", "max"] as const;
export type AggregateFunction = (typeof AGGREGATE_FUNCTIONS)[number];

/** One value that is computed for each group. */
export interface AggregateValue {
  readonly function: AggregateFunction;
  /** `undefined` counts records. */
  readonly path: string | undefined;
  readonly distinct: boolean;
  /** Its key in the answer: the alias, or the call as `sum(price)`. */
  readonly key: string;
  /** What `having` and `sort` may call it. */
  readonly names: readonly string[];
}

export interface AggregateParams {
  readonly select: readonly AggregateValue[];
  readonly groupBy: readonly string[];
}

const MAX_VALUES = 20;
const MAX_GROUPS = 8;
const VALUE = /^(?:(?<alias>[A-Za-z_]\w*)\s*:\s*)?(?<call>(?<name>[a-z]+)\s*(?:\((?<argument>[^()]*)\))?)$/;
const DISTINCT = /^distinct\s+/i;
const PATH = /^[A-Za-z_][\w.:]*$/;

/**
 * Reads `select` and `groupBy`: `select=count,total:sum(price),count(distinct author)&groupBy=status,author.name`.
 *
 * @throws ApiError 400 for another form
 */
export function parseAggregate(query: Readonly<Record<string, string>>): AggregateParams {
  const calls = splitTopLevel(query["select"] ?? "", ",");
  if (!calls) throw problem("select", "A bracket is not closed.");
  const select = (calls.length === 0 ? ["count"] : calls).map(readValue);
  const groupBy = (query["groupBy"] ?? "").split(",").flatMap((path) => (path.trim() === "" ? [] : [path.trim()]));
  if (select.length > MAX_VALUES) throw problem("select", `There are more than ${MAX_VALUES} values.`);
  if (groupBy.length > MAX_GROUPS) throw problem("groupBy", `There are more than ${MAX_GROUPS} fields.`);
  for (const path of groupBy) if (!PATH.test(path)) throw problem("groupBy", `"${path}" is not a field.`);
  const keys = [...groupBy, ...select.map(({ key }) => key)];
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined)
    throw problem("select", `There are two values "${twice}". Name one of them, as in "other:count".`);
  return { select, groupBy };
}

function readValue(text: string): AggregateValue {
  const { alias, call = "", name = "", argument } = VALUE.exec(text)?.groups ?? {};
  const known = AGGREGATE_FUNCTIONS.find((each) => each === name);
  if (!known) {
    throw problem("select", `"${text}" is not one of ${AGGREGATE_FUNCTIONS.join(", ")}, as in "sum(price)".`);
  }
  const inner = (argument ?? "").trim();
  const isAll = inner === "" || inner === "*";
  const path = isAll ? undefined : inner.replace(DISTINCT, "");
  if (path === undefined && known !== "count")
    throw problem("select", `"${text}" needs a field, as in "${known}(price)".`);
  if (path !== undefined && !PATH.test(path)) throw problem("select", `"${path}" is not a field.`);
  const distinct = DISTINCT.test(inner);
  const standard = path === undefined ? known : `${known}(${distinct ? "distinct " : ""}${path})`;
  return {
    function: known,
    path,
    distinct,
    key: alias ?? standard,
    names: [...new Set([alias ?? standard, standard, call])],
  };
}

/** An error in one of the parameters. */
export const problem = (parameter: string, message: string): Error =>
  badRequest("The aggregate can't be read.", { [parameter]: invalid("validation_invalid_aggregate", message) });

/**
 * Replaces the names of values by others, outside of quoted texts.
 *
 * @param names by what they are called
 */
export function replaceNames(text: string, names: ReadonlyMap<string, string>): string {
  const longestFirst = [...names].toSorted(([a], [b]) => b.length - a.length);
  const parts: string[] = [];
  // Not read from a text that grows: each look at its end would copy it.
  let last = "";
  const add = (part: string): void => {
    parts.push(part);
    last = part.at(-1) ?? last;
  };
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (character === "'" || character === '"') {
      const end = endOfText(text, at);
      add(text.slice(at, end));
      at = end;
      continue;
    }
    const found = /[\w.:@]/.test(last)
      ? undefined
      : longestFirst.find(([name]) => text.startsWith(name, at) && !/[\w.:(]/.test(text[at + name.length] ?? ""));
    add(found ? found[1] : character);
    at += found ? found[0].length : 1;
  }
  return parts.join("");
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === text[start]) return at + 1;
  }
  return text.length;
}
