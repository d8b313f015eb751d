import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of a test file's own, removed after its last test. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), "headwater-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
