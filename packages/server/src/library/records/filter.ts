type FilterValue = string | number | boolean | null | Date;

/** A filter expression with quoted values, as the template tag `filter` returns it. */
export interface Filter {
  readonly text: string;
}

/**
 * Builds a filter and quotes its values, so that untrusted input can't change the expression.
 *
 * @example filter`author = ${id} && created > ${since}`
 * @throws RangeError for a number that the rule language can't express, such as `NaN` or `1e21`
 */
export const filter = (parts: TemplateStringsArray, ...values: readonly FilterValue[]): Filter => ({
  text: String.raw({ raw: parts }, ...values.map(literal)),
});

function literal(value: FilterValue): string {
  if (value instanceof Date) return literal(value.toISOString().replace("T", " "));
  if (typeof value === "string") return `'${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
  const text = String(value);
  if (typeof value === "number" && !/^-?[\d.]+$/.test(text))
    throw new RangeError(`A filter can't contain the number ${text}.`);
  return text;
}
