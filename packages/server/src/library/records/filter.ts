type FilterValue = string | number | boolean | null | Date;

/** A filter whose values are quoted: the tag `filter` makes it. */
export interface Filter {
  readonly text: string;
}

/**
 * Writes a filter with values from elsewhere, which stay values whatever they hold.
 *
 * @example filter`author = ${id} && created > ${since}`
 * @throws RangeError for a number that the rule language can't write
 */
export const filter = (parts: TemplateStringsArray, ...values: readonly FilterValue[]): Filter => ({
  text: String.raw({ raw: parts }, ...values.map(literal)),
});

function literal(value: FilterValue): string {
  if (value instanceof Date) return literal(value.toISOString().replace("T", " "));
  if (typeof value === "string") return `'${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
  const text = String(value);
  if (typeof value === "number" && !/^-?[\d.]+$/.test(text)) throw new RangeError(`${text} can't stand in a filter`);
  return text;
}
