import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Resource use of a process and its descendants, from Linux's proc(5). */
export interface ProcessStats {
  /** User and system time in microseconds, with a resolution of 10 ms. */
  readonly cpuMicros: number;
  /** Anonymous memory in bytes: heap and stacks, without mapped files and shared memory. */
  readonly anonymousBytes: number;
  readonly openFiles: number;
}

const CLOCK_TICKS_PER_SECOND = 100;

export function readStats(pid: number): ProcessStats {
  const all = processesOf(pid).map(readOne);
  return {
    cpuMicros: sum(all, ({ cpuMicros }) => cpuMicros),
    anonymousBytes: sum(all, ({ anonymousBytes }) => anonymousBytes),
    openFiles: sum(all, ({ openFiles }) => openFiles),
  };
}

/** Waits until anonymous memory is stable, since garbage collectors run after the load ends. @returns bytes */
export async function settledMemory(pid: number, timeoutMs = 5000): Promise<number> {
  const deadline = performance.now() + timeoutMs;
  let before = readStats(pid).anonymousBytes;
  while (performance.now() < deadline) {
    await Bun.sleep(500);
    const now = readStats(pid).anonymousBytes;
    if (Math.abs(now - before) < 0.005 * before) return now;
    before = now;
  }
  return before;
}

/**
 * The memory that a process and its descendants occupy, in bytes: their own, and once what they map from files, most of which
 * they share. A process that ends meanwhile counts as nothing.
 */
export function residentBytes(pid: number): number {
  const statuses = processesOf(pid).map(readStatus);
  const own = sum(statuses, (status) => kilobytes(status, "RssAnon") + kilobytes(status, "RssShmem"));
  return (own + Math.max(0, ...statuses.map((status) => kilobytes(status, "RssFile")))) * 1024;
}

/** The largest memory that a process and its descendants had resident since `forgetPeak`, in bytes. */
export const peakBytes = (pid: number): number =>
  sum(processesOf(pid).map(readStatus), (status) => kilobytes(status, "VmHWM")) * 1024;

/** Lets `peakBytes` start from what the processes have now. */
export function forgetPeak(pid: number): void {
  for (const process of processesOf(pid)) writeFileSync(`/proc/${process}/clear_refs`, "5");
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

const kilobytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);

function readOne(pid: number): ProcessStats {
  const fields = afterName(readFileSync(`/proc/${pid}/stat`, "utf8"));
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    cpuMicros: (ticks * 1e6) / CLOCK_TICKS_PER_SECOND,
    anonymousBytes: kilobytes(readStatus(pid), "RssAnon") * 1024,
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** The process and all its descendants. */
export function processesOf(pid: number): number[] {
  return [pid].concat(childrenOf(pid).flatMap(processesOf));
}

/** Threads and processes may end while this reads. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" "))
      .filter((child) => child !== "")
      .map(Number);
  } catch {
    return [];
  }
}

/** The program's name is in parentheses and may contain spaces, so the fields start after the last parenthesis. */
const afterName = (stat: string): string[] => stat.slice(stat.lastIndexOf(")") + 2).split(" ");

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);
