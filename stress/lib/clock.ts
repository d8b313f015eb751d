import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { until } from "./within.ts";

export interface ClockSetting {
  /** What is added to the time, in milliseconds. */
  readonly offset: number;
  /** How many times faster intervals of a minute and more run, that of trimming above all: what counts is the start. */
  readonly minutes: number;
  /** The same for shorter ones, that of heartbeats above all. */
  readonly seconds: number;
}

export const TRUE_CLOCK: ClockSetting = { offset: 0, minutes: 1, seconds: 1 };

export const HOUR = 3_600_000;

/** Arguments of the runtime that give a server a clock that can be set. */
export const CLOCK_ARGS: readonly string[] = ["--preload", fileURLToPath(new URL("clock-preload.ts", import.meta.url))];

/** For a server that will start: see `clock-preload.ts`. */
export const writeClock = (file: string, setting: ClockSetting): void => writeFileSync(file, JSON.stringify(setting));

/** For one that runs. Resolves when it has taken the setting over. */
export async function setClock(file: string, pid: number, setting: ClockSetting): Promise<void> {
  rmSync(`${file}.taken`, { force: true });
  writeClock(file, setting);
  process.kill(pid, "SIGUSR2");
  await until(() => wasTaken(file, setting), "the server takes the clock's setting over");
}

function wasTaken(file: string, setting: ClockSetting): boolean {
  try {
    return readFileSync(`${file}.taken`, "utf8") === JSON.stringify(setting);
  } catch {
    return false;
  }
}
