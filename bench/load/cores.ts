import { availableParallelism } from "node:os";
import { processesOf } from "@headwater/testing/servers/process-stats.ts";

/** Keeps a client of a latency bench to the machine's last core. */
export const keepToLastCore = (pid: number): Promise<void> => pin(pid, (last) => String(last));

/** Keeps a server to the other cores: so neither it nor its clients wait for a processor that the other one has. */
export const keepOffLastCore = (pid: number): Promise<void> => pin(pid, (last) => `0-${last - 1}`);

/** All threads of the process and its descendants. Does nothing with one core or without `taskset` (util-linux). */
async function pin(pid: number, cores: (last: number) => string): Promise<void> {
  const last = availableParallelism() - 1;
  if (last === 0 || Bun.which("taskset") === null) return;
  for (const each of processesOf(pid)) {
    await Bun.spawn(["taskset", "-a", "-p", "-c", cores(last), String(each)], { stdio: ["ignore", "ignore", "ignore"] })
      .exited;
  }
}
