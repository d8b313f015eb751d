import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";
import { tempDir } from "./temp-dir.ts";

/** A file system of its own that is small enough to fill. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Leaves no free byte. */
  fill(): void;
  /** Deletes what `fill` wrote. */
  free(): void;
}

const FILLER = ".filler";

/** @returns `undefined` where this process may not mount one */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const dir = tempDir();
  const mount = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", dir.path]);
  if (mount.exitCode !== 0) {
    dir[Symbol.dispose]();
    return undefined;
  }
  const unmount = (): void => {
    Bun.spawnSync(["umount", "-l", dir.path]);
    dir[Symbol.dispose]();
  };
  const cancel = atExit(unmount);
  const filler = join(dir.path, FILLER);
  return {
    path: dir.path,
    fill() {
      mkdirSync(filler, { recursive: true });
      for (const size of [1 << 20, 4_096]) fillWith(filler, size);
    },
    free: () => rmSync(filler, { recursive: true, force: true }),
    [Symbol.dispose]() {
      cancel();
      unmount();
    },
  };
}

function fillWith(dir: string, size: number): void {
  const block = Buffer.alloc(size);
  try {
    for (let i = 0; ; i += 1) writeFileSync(join(dir, `${size}-${i}`), block);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ENOSPC") throw error;
  }
}
