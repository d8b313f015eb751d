import { readFileSync } from "node:fs";

/** Fails early, with advice, instead of in the middle of a bench. */
export function requireOpenFiles(count: number): void {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
  if (count > limit)
    throw new Error(`this bench needs ${count} open files, but the limit is ${limit}: raise it with ulimit -n`);
}
