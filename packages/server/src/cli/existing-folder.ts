import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Folder, openFolder } from "../app/folder.ts";
import { UserError } from "../lib/user-error.ts";

/** Opens a folder that has a database; a mistyped path must not make a new one. @throws UserError */
export async function openExistingFolder(dir: string): Promise<Folder> {
  if (!existsSync(join(dir, "data.db")))
    throw new UserError(`There is no database in ${dir}. Name the data folder with --dir.`);
  return openFolder(dir);
}
