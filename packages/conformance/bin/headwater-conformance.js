#!/usr/bin/env node
// Plain JavaScript for Node: runs the build, or, in the repository, the TypeScript source on the installed Bun.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const built = new URL("../dist/main.js", import.meta.url);

// A published package has only the build. In the repository, the source comes first: a build may be out of date.
if (!existsSync(source)) await import(built.href);
else if (process.versions.bun) await import(source);
else {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("bun/package.json");
  const bun = join(dirname(manifest), require(manifest).bin.bun);
  const { status } = spawnSync(bun, [source, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(status ?? 1);
}
