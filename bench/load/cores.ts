import { availableParallelism } from "node:os";
import { processesOf } from "@headwater/testing/servers/process-stats.ts";

/** Pins a client of a latency bench to the machine's last core. */
export const pinToLastCore = (pid: number): Promise<void> => pin(pid, (last) => String(last));

/** Pins a server to the other cores, so that the server and its clients do not compete for a core. */
export const pinOffLastCore = (pid: number): Promise<void> => pin(pid, (last) => `0-${last - 1}`);

/** Pins all threads of the process and its descendants. Does nothing with one core or without `taskset` (util-linux). */
async function pin(pid: number, cores: (last: number) => string): Promise<void> {
  const last = availableParallelism() - 1;
  if (last === 0 || Bun.which("taskset") === null) return;
  for (const each of processesOf(pid)) {
    await Bun.spawn(["taskset", "-a", "-p", "-c", cores(last), String(each)], { stdio: ["ignore", "ignore", "ignore"] })
      .exited;
  }
}
