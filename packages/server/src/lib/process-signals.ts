import { dlopen } from "bun:ffi";
import { constants } from "node:os";

const PR_SET_PDEATHSIG = 1;

/** Lets the system kill this process when its parent ends, however it ends. Only Linux can; elsewhere the alarm does. */
export function endWithParent(): void {
  const parent = process.ppid;
  for (const name of LIBRARIES.linux) {
    if (process.platform !== "linux") return;
    try {
      const { symbols } = dlopen(name, { prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" } });
      symbols.prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL, 0, 0, 0);
      // It may have ended before.
      if (process.ppid !== parent) process.exit();
      return;
    } catch {
      // Another libc.
    }
  }
}

/**
 * `alarm(2)`: its signal ends a process that doesn't handle it, even in the middle of a statement.
 *
 * @returns a function that sets it, in seconds; 0 clears it
 */
export function openAlarm(): (seconds: number) => void {
  const names = LIBRARIES[process.platform === "darwin" ? "darwin" : "linux"];
  for (const name of names) {
    try {
      const { symbols } = dlopen(name, { alarm: { args: ["u32"], returns: "u32" } });
      return (seconds) => void symbols.alarm(seconds);
    } catch {
      // Another libc, or a system without it: the parent's own watch has to do.
    }
  }
  return () => {};
}

const LIBRARIES = {
  darwin: ["libSystem.B.dylib"],
  linux: ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`],
} as const;
