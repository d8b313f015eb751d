import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../lib/user-error.ts";
import { hookFilesIn } from "../library/hook-files/hook-files.ts";
import * as library from "../index.ts";

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/**
 * The folder of hook files: the given one, or `pb_hooks` next to the data folder if it has TypeScript files.
 *
 * @param dir the data folder
 * @throws UserError if the given folder does not exist
 */
export function hooksFolder(given: string | undefined, dir: string): string | undefined {
  if (given !== undefined) {
    if (!isFolder(resolve(given))) throw new UserError(`The hooks folder ${given} does not exist.`);
    return resolve(given);
  }
  const standard = join(dirname(dir), "pb_hooks");
  return isFolder(standard) && hookFilesIn(standard).length > 0 ? standard : undefined;
}

/** Makes `import "headwater"` in hook files resolve to the running server's library, wherever the files are. */
export function provideLibrary(): void {
  Bun.plugin({
    name: "headwater",
    setup: (build) => void build.module("headwater", () => ({ exports: { ...library }, loader: "object" })),
  });
}
