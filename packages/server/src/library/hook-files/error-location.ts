import { existsSync, readFileSync } from "node:fs";

/** Where in files of this folder an error comes from, as `path:line:column`; `undefined` where that can't be told. */
export function placeOf(error: unknown, dir: string): string | undefined {
  if (!(error instanceof Object)) return undefined;
  // Bun gathers what is wrong with the syntax of a file.
  if (error instanceof AggregateError && error.errors.length > 0) return placeOf(error.errors[0], dir);
  const { position, referrer, specifier, stack } = error as Readonly<Record<string, unknown>>;
  return (
    placeInSource(position) ??
    (typeof referrer === "string" && typeof specifier === "string" ? placeOfImport(referrer, specifier) : undefined) ??
    (typeof stack === "string" ? placeInStack(stack, dir) : undefined)
  );
}

function placeInSource(position: unknown): string | undefined {
  if (!(position instanceof Object)) return undefined;
  const { file, line, column } = position as Readonly<Record<string, unknown>>;
  return typeof file === "string" ? `${sourceOf(file)}:${String(line)}:${String(column)}` : undefined;
}

/** Of an import that leads nowhere Bun names the file alone. */
function placeOfImport(referrer: string, specifier: string): string | undefined {
  const file = sourceOf(referrer);
  const before = existsSync(file) ? readFileSync(file, "utf8").split(specifier, 2) : [];
  if (before.length < 2) return undefined;
  const lines = before[0]!.split("\n");
  return `${file}:${lines.length}:${lines.at(-1)!.length + 1}`;
}

function placeInStack(stack: string, dir: string): string | undefined {
  const frame = stack.split("\n").find((line) => line.includes(dir));
  return frame && /[^\s(?]+(?:\?\d+)?:\d+:\d+/.exec(frame.slice(frame.indexOf(dir)))?.[0].replace(/\?\d+(?=:)/, "");
}

/** The path of a module without what makes it a fresh one. */
const sourceOf = (path: string): string => path.replace(/\?\d+$/, "");
