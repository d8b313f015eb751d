import { HeadwaterError } from "../errors.ts";
import type { FieldPath } from "../schema.ts";

/** A field as filters name it: `title`, `author.name`, `title:lower`, `tags:length`. */
export type FilterField<T> = FieldPath<T> | `${FieldPath<T>}:${"lower" | "length" | "each"}`;

/** A field's name in a filter, of `collection.field(…)`. */
export class FieldName {
  readonly path: string;

  /** @throws HeadwaterError `invalid` for what is no field's name */
  constructor(path: string) {
    if (!/^@?\w+(\.\w+)*(:\w+)?$/.test(path)) throw new HeadwaterError("invalid", `"${path}" is no name of a field`);
    this.path = path;
  }
}

/** What may stand in a filter. */
export type FilterValue = string | number | boolean | null | Date | FieldName;

/** What the server's filters read behind a backslash. */
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Writes values into a filter so that each stays a value, whatever it holds, and fields whose names the compiler knows:
 *
 *     filter`title ~ ${words} && ${posts.field("created")} > ${since}`
 */
export const filter = (parts: TemplateStringsArray, ...values: readonly FilterValue[]): string =>
  parts.map((part, i) => part + (i < values.length ? literal(values[i]!) : "")).join("");

function literal(value: FilterValue): string {
  if (value instanceof FieldName) return value.path;
  if (value instanceof Date) return quoted(value.toISOString().replace("T", " "));
  return typeof value === "string" ? quoted(value) : String(value);
}

const quoted = (text: string): string => `"${text.replaceAll(/[\\"\n\r\t]/g, (character) => ESCAPES[character]!)}"`;
