/**
 * JSON on one line with a space after each colon and comma, as Python's `json.dumps` writes it. Every line feed comes
 * from the indentation, because line feeds in strings are escaped.
 */
export const spacedJson = (value: unknown): string =>
  (JSON.stringify(value, null, 1) ?? "null").replaceAll(/,\n */g, ", ").replaceAll(/\n */g, "");
