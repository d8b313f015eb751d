/** A record's values as they are sent: as a form where a file is among them, else as JSON. */
export function recordBody(values: object): unknown {
  if (values instanceof FormData) return values;
  const { rest, files } = splitFiles(values);
  if (files.length === 0) return values;
  const form = new FormData();
  for (const [name, item] of files) form.append(name, item);
  // What is no file keeps its types so: a form knows only texts.
  form.append("@jsonPayload", JSON.stringify(rest));
  return form;
}

/** What goes into a form field by field, and what is JSON. Names of files that are kept may stand beside new ones. */
export function splitFiles(values: object): {
  readonly rest: Readonly<Record<string, unknown>>;
  readonly files: readonly (readonly [name: string, item: string | Blob])[];
} {
  const rest: Record<string, unknown> = {};
  const files: [string, string | Blob][] = [];
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    if (!containsFile(value)) rest[name] = value;
    else for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) files.push([name, toFormPart(item)]);
  }
  return { rest, files };
}

const containsFile = (value: unknown): boolean =>
  value instanceof Blob || (Array.isArray(value) && value.some((item) => item instanceof Blob));

const toFormPart = (item: unknown): string | Blob => (item instanceof Blob ? item : String(item));
