import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

/** A disk of its own in memory, which can be full. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes bytes away, until `empty`. */
  readonly fill: (megabytes: number) => void;
  readonly empty: () => void;
}

/** Mounts a disk. @returns undefined where this process may not mount */
export function smallDisk(megabytes: number): SmallDisk | undefined {
  const folder = tempDir();
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder.path]);
  if (!mounted.success) {
    folder[Symbol.dispose]();
    return undefined;
  }
  const ballast = join(folder.path, "ballast");
  return {
    path: folder.path,
    fill: (size) => writeFileSync(ballast, Buffer.alloc(size * 1_000_000)),
    empty: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]() {
      Bun.spawnSync(["umount", "-l", folder.path]);
      folder[Symbol.dispose]();
    },
  };
}
