import { Database } from "bun:sqlite";
import { translateError } from "./store-error.ts";

/**
 * Holds a folder for one server. The operating system lets go of the lock when the process ends, however it ends, so
 * a crash leaves nothing to clean up.
 *
 * @param path the lock's file, made if it is missing
 * @returns a function that lets go; whoever drops it may lose the lock, since the connection is collected with it
 * @throws StoreError of kind `busy` when another process holds it
 */
export function lockFolder(path: string): () => void {
  try {
    const database = new Database(path, { create: true });
    try {
      database.run("PRAGMA locking_mode=EXCLUSIVE");
      database.run("BEGIN EXCLUSIVE");
    } catch (error) {
      database.close();
      throw error;
    }
    return () => database.close();
  } catch (error) {
    throw translateError(error);
  }
}
