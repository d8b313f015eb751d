#!/usr/bin/env node
// Plain JavaScript, for Node: runs what was built, or the TypeScript itself on the Bun that npm installed beside it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const built = new URL("../dist/main.js", import.meta.url);

// A package holds what was built and no source; a repository may hold a build that is older than its source.
if (!existsSync(source)) await import(built.href);
else if (process.versions.bun) await import(source);
else {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("bun/package.json");
  const bun = join(dirname(manifest), require(manifest).bin.bun);
  const { status } = spawnSync(bun, [source, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(status ?? 1);
}
