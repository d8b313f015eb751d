import { afterAll } from "bun:test";
import { tempDir } from "./temp-dir.ts";

/** A temporary folder for one test file, removed after its last test. */
export function testDir(): string {
  const dir = tempDir();
  afterAll(() => dir[Symbol.dispose]());
  return dir.path;
}
