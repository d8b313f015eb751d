/** What may stand in a filter. */
export type FilterValue = string | number | boolean | null | Date;

/** What the server's filters read behind a backslash. */
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Writes values into a filter so that each stays a value, whatever it holds:
 *
 *     filter`title ~ ${words} && created > ${since}`
 */
export const filter = (parts: TemplateStringsArray, ...values: readonly FilterValue[]): string =>
  parts.map((part, i) => part + (i < values.length ? literal(values[i]!) : "")).join("");

function literal(value: FilterValue): string {
  if (value instanceof Date) return quoted(value.toISOString().replace("T", " "));
  return typeof value === "string" ? quoted(value) : String(value);
}

const quoted = (text: string): string => `"${text.replaceAll(/[\\"\n\r\t]/g, (character) => ESCAPES[character]!)}"`;
