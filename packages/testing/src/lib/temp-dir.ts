import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";

/** A temporary folder, removed at the end of its scope: `using dir = tempDir()`. */
export interface TempDir extends Disposable {
  readonly path: string;
}

export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "headwater-"));
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  const cancel = atExit(remove);
  return {
    path,
    [Symbol.dispose]() {
      cancel();
      remove();
    },
  };
}
