import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { until } from "../within.ts";

export interface ClockSetting {
  /** Milliseconds added to the current time. */
  readonly offset: number;
  /** Speed-up of intervals of a minute or longer when they start, log trimming above all. */
  readonly minutes: number;
  /** Speed-up of shorter intervals, heartbeats above all. */
  readonly seconds: number;
}

export const REAL_CLOCK: ClockSetting = { offset: 0, minutes: 1, seconds: 1 };

export const HOUR = 3_600_000;

/** Runtime arguments that give a server an adjustable clock. */
export const CLOCK_ARGS: readonly string[] = ["--preload", fileURLToPath(new URL("clock-preload.ts", import.meta.url))];

/** Sets the clock of a server before it starts: see `clock-preload.ts`. */
export const writeClock = (file: string, setting: ClockSetting): void => writeFileSync(file, JSON.stringify(setting));

/** Sets the clock of a running server. Resolves when the server has applied the setting. */
export async function setClock(file: string, pid: number, setting: ClockSetting): Promise<void> {
  rmSync(`${file}.applied`, { force: true });
  writeClock(file, setting);
  process.kill(pid, "SIGUSR2");
  await until(() => isApplied(file, setting), "the server applies the clock setting");
}

function isApplied(file: string, setting: ClockSetting): boolean {
  try {
    return readFileSync(`${file}.applied`, "utf8") === JSON.stringify(setting);
  } catch {
    return false;
  }
}
