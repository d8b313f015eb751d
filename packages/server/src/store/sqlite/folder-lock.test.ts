import { expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { lockFolder } from "./folder-lock.ts";

const path = join(testDir(), "lock");

test("a folder is locked by one holder at a time, and free after its release", () => {
  const release = lockFolder(path);
  expect(() => lockFolder(path)).toThrow(expect.objectContaining({ kind: "busy" }));
  release();
  lockFolder(path)();
});

test("a killed process releases its lock", async () => {
  const holder = Bun.spawn(
    [
      process.execPath,
      "-e",
      `globalThis.release = require(${JSON.stringify(import.meta.dir)} + "/folder-lock.ts").lockFolder(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1e6)`,
    ],
    { stdout: "pipe" },
  );
  await holder.stdout.getReader().read();
  expect(() => lockFolder(path)).toThrow(expect.objectContaining({ kind: "busy" }));
  holder.kill(9);
  await holder.exited;
  lockFolder(path)();
});
