/**
 * JSON on one line, with a space behind each colon and comma, as Python's `json.dumps` writes it. Line feeds stand
 * nowhere in a JSON text but where it was broken, since those of strings are escaped.
 */
export const spacedJson = (value: unknown): string =>
  (JSON.stringify(value, null, 1) ?? "null").replaceAll(/,\n */g, ", ").replaceAll(/\n */g, "");
