import { Database } from "bun:sqlite";
import { translateError } from "./store-error.ts";

/**
 * Locks a folder for one server. The operating system releases the lock when the process ends, however it ends, so a
 * crash leaves nothing to clean up.
 *
 * @param path the lock file, created if it is missing
 * @returns a function that releases the lock; keep a reference to it, as garbage collection would close the connection
 * @throws StoreError of kind `busy` if another process holds the lock
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
