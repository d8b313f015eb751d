/** A record's values as they are sent: as a form where a file is among them, else as JSON. */
export function recordBody(values: object): unknown {
  if (values instanceof FormData || !Object.values(values).some(holdsFile)) return values;
  const form = new FormData();
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    if (!holdsFile(value)) rest[name] = value;
    else for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) append(form, name, item);
  }
  // What is no file keeps its types so: a form knows only texts.
  form.append("@jsonPayload", JSON.stringify(rest));
  return form;
}

const holdsFile = (value: unknown): boolean =>
  value instanceof Blob || (Array.isArray(value) && value.some((item) => item instanceof Blob));

/** Names of files that are kept may stand beside new ones. */
const append = (form: FormData, name: string, item: unknown): void =>
  item instanceof Blob ? form.append(name, item) : form.append(name, String(item));
