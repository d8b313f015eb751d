#!/usr/bin/env node
// Plain JavaScript for Node: runs the server's TypeScript on the Bun that npm installed with it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { watchParents } from "./watch-parents.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

if (process.versions.bun) {
  watchParents(() => process.kill(process.pid, "SIGTERM"));
  await import(main);
} else {
  startBun(findBun());
}

/** The executable of the `bun` package; undefined if the package is not installed or its install script has not run. */
function findBun() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve("bun/package.json");
    const program = join(dirname(manifest), require(manifest).bin.bun);
    // Before its install script has run, the package has a placeholder of a few hundred bytes.
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
  // The server stops when the launcher is gone, even by SIGKILL.
  const env = { ...process.env, HEADWATER_LAUNCHER: String(process.pid) };
  const child = spawn(program, [main, ...process.argv.slice(2)], { stdio: "inherit", env });
  let isStopping = false;
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    isStopping = true;
    child.kill(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(signal));
  watchParents(() => {
    // A second signal would end a server that is already stopping at once.
    if (!isStopping) stop("SIGTERM");
  });
  child.on("error", (error) => {
    process.stderr.write(`Bun can't be started: ${error.message}.\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // End by the same signal as the server, so that the shell sees it.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
