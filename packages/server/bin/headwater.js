#!/usr/bin/env node
// Plain JavaScript, for Node: starts the server's TypeScript on the Bun that npm installed beside it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

if (process.versions.bun) await import(main);
else startBun(findBun());

/** The program of the `bun` package; undefined when it is not installed, or its install script has not run. */
function findBun() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve("bun/package.json");
    const program = join(dirname(manifest), require(manifest).bin.bun);
    // Without its install script the package holds a placeholder of a few hundred bytes; the program is beside it.
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string | undefined} program */
function startBun(program) {
  if (program === undefined) {
    process.stderr.write("Headwater runs on Bun, which is not installed here. Run `npm install` and try again.\n");
    process.exit(1);
  }
  const child = spawn(program, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`Bun can't be started: ${error.message}.\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // The shell must see the same end that the server had.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
