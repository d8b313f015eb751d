import { existsSync, readFileSync } from "node:fs";

/** Where in the files of a folder an error comes from, as `path:line:column`; `undefined` if unknown. */
export function locateError(error: unknown, dir: string): string | undefined {
  if (!(error instanceof Object)) return undefined;
  // Bun throws syntax errors of a file as one AggregateError.
  if (error instanceof AggregateError && error.errors.length > 0) return locateError(error.errors[0], dir);
  const { position, referrer, specifier, stack } = error as Readonly<Record<string, unknown>>;
  return (
    locateInPosition(position) ??
    (typeof referrer === "string" && typeof specifier === "string" ? locateImport(referrer, specifier) : undefined) ??
    (typeof stack === "string" ? locateInStack(stack, dir) : undefined)
  );
}

function locateInPosition(position: unknown): string | undefined {
  if (!(position instanceof Object)) return undefined;
  const { file, line, column } = position as Readonly<Record<string, unknown>>;
  return typeof file === "string" ? `${stripVersion(file)}:${String(line)}:${String(column)}` : undefined;
}

/** For an import that can't be resolved, Bun reports the file but not the line. */
function locateImport(referrer: string, specifier: string): string | undefined {
  const file = stripVersion(referrer);
  const before = existsSync(file) ? readFileSync(file, "utf8").split(specifier, 2) : [];
  if (before.length < 2) return undefined;
  const lines = before[0]!.split("\n");
  return `${file}:${lines.length}:${lines.at(-1)!.length + 1}`;
}

function locateInStack(stack: string, dir: string): string | undefined {
  const frame = stack.split("\n").find((line) => line.includes(dir));
  return frame && /[^\s(?]+(?:\?\d+)?:\d+:\d+/.exec(frame.slice(frame.indexOf(dir)))?.[0].replace(/\?\d+(?=:)/, "");
}

/** The path without the version that `freshImports` adds. */
const stripVersion = (path: string): string => path.replace(/\?\d+$/, "");
