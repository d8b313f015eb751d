import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../lib/user-error.ts";
import { hookFilesIn } from "../library/hook-files/hook-files.ts";
import * as library from "../index.ts";

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/**
 * The folder of hook files: the one that was named, or `pb_hooks` beside the data if TypeScript is in it.
 *
 * @param dir of the data
 * @throws UserError for a named one that is not there
 */
export function hooksFolder(named: string | undefined, dir: string): string | undefined {
  if (named !== undefined) {
    if (!isFolder(resolve(named))) throw new UserError(`There is no folder of hooks ${named}.`);
    return resolve(named);
  }
  const usual = join(dirname(dir), "pb_hooks");
  return isFolder(usual) && hookFilesIn(usual).length > 0 ? usual : undefined;
}

/** Lets hook files import the library of the server that runs them, wherever they lie. */
export function provideLibrary(): void {
  Bun.plugin({
    name: "headwater",
    setup: (build) => void build.module("headwater", () => ({ exports: { ...library }, loader: "object" })),
  });
}
