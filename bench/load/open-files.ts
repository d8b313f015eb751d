import { readFileSync } from "node:fs";

/** Fails with advice where the system would fail somewhere in the middle. */
export function requireOpenFiles(count: number): void {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Infinity);
  if (count > limit) throw new Error(`this needs ${count} open files, the limit is ${limit} (see ulimit -n)`);
}
