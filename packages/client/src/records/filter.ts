import { HeadwaterError } from "../errors.ts";
import type { FieldPath } from "../schema.ts";

/** A field in a filter: `title`, `author.name`, `title:lower`, `tags:length`. */
export type FilterField<T> = FieldPath<T> | `${FieldPath<T>}:${"lower" | "length" | "each"}`;

/** A field name for a filter, created by `collection.field(…)`. */
export class FieldName {
  readonly path: string;

  /** @throws HeadwaterError `invalid` if the path is not a valid field name */
  constructor(path: string) {
    if (!/^@?\w+(\.\w+)*(:\w+)?$/.test(path))
      throw new HeadwaterError("invalid", `"${path}" is not a valid field name`);
    this.path = path;
  }
}

/** A value that can be inserted into a filter. */
export type FilterValue = string | number | boolean | null | Date | FieldName;

/** Escape sequences in the server's filter language. */
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Builds a filter. Escapes values, and inserts field names as they are:
 *
 *     filter`title ~ ${words} && ${posts.field("created")} > ${since}`
 *
 * @throws HeadwaterError `invalid` for NaN and infinite numbers
 */
export const filter = (parts: TemplateStringsArray, ...values: readonly FilterValue[]): string =>
  parts.map((part, i) => part + (i < values.length ? literal(values[i]!) : "")).join("");

function literal(value: FilterValue): string {
  if (value instanceof FieldName) return value.path;
  if (value instanceof Date) return quoted(value.toISOString().replace("T", " "));
  if (typeof value === "number") return decimal(value);
  return typeof value === "string" ? quoted(value) : String(value);
}

/** The filter language has no exponents: `1e-7` is `0.0000001` in it. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) throw new HeadwaterError("invalid", `${value} can't be used in a filter`);
  const [, sign, first, rest = "", exponent] = /^(-?)(\d)(?:\.(\d+))?e(.+)$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const shift = Number(exponent);
  return shift < 0 ? `${sign}0.${"0".repeat(-shift - 1)}${first}${rest}` : `${sign}${first}${rest.padEnd(shift, "0")}`;
}

const quoted = (text: string): string => `"${text.replaceAll(/[\\"\n\r\t]/g, (character) => ESCAPES[character]!)}"`;
