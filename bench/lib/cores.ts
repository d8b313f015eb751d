import { availableParallelism } from "node:os";

/**
 * Keeps a process and its threads to the machine's last core, so that the scheduler never makes it wait for the server
 * that it measures. Does nothing with one core or without `taskset` (util-linux).
 */
export async function keepToLastCore(pid: number): Promise<void> {
  const cores = availableParallelism();
  if (cores < 2 || Bun.which("taskset") === null) return;
  await Bun.spawn(["taskset", "-a", "-p", "-c", String(cores - 1), String(pid)], {
    stdio: ["ignore", "ignore", "ignore"],
  }).exited;
}
