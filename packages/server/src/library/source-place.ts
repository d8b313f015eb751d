/** Where in files of this folder an error comes from, as `path:line:column`; `undefined` where that can't be told. */
export function placeOf(error: unknown, dir: string): string | undefined {
  if (!(error instanceof Object)) return undefined;
  // Bun gathers what is wrong with the syntax of a file.
  if (error instanceof AggregateError && error.errors.length > 0) return placeOf(error.errors[0], dir);
  const { position, stack } = error as { readonly position?: unknown; readonly stack?: unknown };
  return placeInSource(position) ?? (typeof stack === "string" ? placeInStack(stack, dir) : undefined);
}

function placeInSource(position: unknown): string | undefined {
  if (!(position instanceof Object)) return undefined;
  const { file, line, column } = position as Readonly<Record<string, unknown>>;
  return typeof file === "string" ? `${file}:${String(line)}:${String(column)}` : undefined;
}

function placeInStack(stack: string, dir: string): string | undefined {
  const frame = stack.split("\n").find((line) => line.includes(dir));
  return frame && /[^\s(]+:\d+:\d+/.exec(frame.slice(frame.indexOf(dir)))?.[0];
}
