import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { SseStream } from "@headwater/testing/clients/sse-stream.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { until, within } from "../lib/within.ts";
import { createMany } from "../lib/writing.ts";

/** So many clients of one place: guests, users and superusers in turn. */
async function gather(run: ScenarioRun, count: number): Promise<void> {
  const accounts = [run.guest, run.superuser, ...run.seedFolder.users.map((_, i) => run.user(i))];
  const since = await run.cursor();
  for (let i = 0; i < count; i += 1) {
    await run.addListener([all("notes"), all("diaries"), all("inner")], accounts[i % accounts.length], since);
  }
}

const writePrivate = (run: ScenarioRun, count: number): Promise<string[]> =>
  createMany(run, "diaries", count, (i) => ({ title: `diary ${i}`, owner: run.seedFolder.users[i % 4]!.id }), 4);

export const herd = family("herd", [
  [
    "return",
    "When all come back at once after a kill -9, each gets what it missed, and no write waits for them to be done.",
    async (run) => {
      await run.start();
      await gather(run, run.isShort ? 120 : 600);
      await writePrivate(run, 40);
      for (const collection of ["notes", "inner"]) await createMany(run, collection, 20);
      await run.restart();
      const returning = Promise.all(run.listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i % 3])));
      await createMany(run, "notes", 20, (i) => ({ title: `meanwhile ${i}` }), 4);
      await returning;
      await run.settle();
    },
    ["short"],
  ],
  [
    "retry",
    "Clients that leave coming back to the server's word come back spread over time.",
    async (run) => {
      await run.start();
      const retries: number[] = [];
      await inParallel(200, 25, async () => {
        const told = Promise.withResolvers<number>();
        const stream = await SseStream.open(`${run.url}/api/realtime`, {
          onBlock: (block) => {
            const retry = /^retry: ?(\d+)$/m.exec(block)?.[1];
            if (retry !== undefined) told.resolve(Number(retry));
          },
        });
        retries.push(await within(told.promise, "the server says when to come back"));
        stream.close();
      });
      const [least, most] = [Math.min(...retries), Math.max(...retries)];
      ensure(least > 0, "a client is told to come back at once");
      const shares = new Set(retries.map((retry) => Math.floor((8 * (retry - least)) / (most - least + 1))));
      ensure(most - least >= 500 && shares.size === 8, `200 clients come back between ${least} and ${most} ms`);
      run.compared(retries.length);
    },
    ["short"],
  ],
  [
    "come-and-go",
    "Hundreds that come and go while others write leave nothing behind, and those who stay miss nothing.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 3; i += 1) await run.connectListener([all("notes")]);
      await run.settle();
      const before = readStats(run.server.pid).openFiles;
      const crowd = new WriterPool(run, "crowd", ["notes"]).start(4);
      await inParallel(run.isShort ? 100 : 400, 16, async () => {
        const passer = await run.connectListener([all("notes")]);
        if (run.random.chance(50)) await crowd.answered(crowd.written.items.length + 1);
        await passer.drop();
        run.exclude(passer);
      });
      await crowd.stop();
      await run.settle();
      const lanes = 24; // Connections that the HTTP client of this process may keep.
      await until(() => readStats(run.server.pid).openFiles <= before + lanes, "the server lets go of who has left");
    },
  ],
  [
    "shared-place",
    "Of those who come back from the same place, each is told what it may see itself, and not what another may.",
    async (run) => {
      await run.start();
      await gather(run, 60);
      await writePrivate(run, 200);
      await createMany(run, "inner", 50);
      for (let visit = 0; visit < 3; visit += 1) {
        await Promise.all(run.listeners.map((listener) => listener.connect(run, run.random.pick(CURSOR_CHANNELS))));
        await run.settle();
        await Promise.all(run.listeners.map((listener) => listener.drop()));
        await writePrivate(run, 40);
      }
      await Promise.all(run.listeners.map((listener) => listener.connect(run)));
      await run.settle();
    },
  ],
]);
