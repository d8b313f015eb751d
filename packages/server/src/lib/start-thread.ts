import { closeSync, openSync } from "node:fs";

/** File descriptors that must be free. A thread needs a few, and others may be taken while it starts. */
const MIN_FREE_FILES = 32;

/**
 * Starts a worker thread. At the limit of open files the runtime would end the whole process.
 *
 * @throws an error with the code `EMFILE` close to that limit
 */
export function startThread(script: URL): Worker {
  assertFreeFiles();
  return new Worker(script);
}

function assertFreeFiles(): void {
  const files: number[] = [];
  try {
    while (files.length < MIN_FREE_FILES) files.push(openSync("/dev/null", "r"));
  } catch (error) {
    // Windows has no such file, and no such limit.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  } finally {
    for (const file of files) closeSync(file);
  }
}
