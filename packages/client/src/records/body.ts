/** Builds a request body from a record's values: a form if they include files, else JSON. */
export function recordBody(values: object): unknown {
  if (values instanceof FormData) return values;
  const { rest, files } = splitFiles(values);
  if (files.length === 0) return values;
  const form = new FormData();
  for (const [name, item] of files) form.append(name, item);
  // As JSON, the other values keep their types; form fields are strings.
  form.append("@jsonPayload", JSON.stringify(rest));
  return form;
}

/** Separates fields with files from the rest. A field with new files may also hold names of files to keep. */
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
