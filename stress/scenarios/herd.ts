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
async function gather(stage: ScenarioRun, count: number): Promise<void> {
  const accounts = [stage.guest, stage.superuser, ...stage.world.users.map((_, i) => stage.user(i))];
  const since = await stage.cursor();
  for (let i = 0; i < count; i += 1) {
    await stage.newcomer([all("notes"), all("diaries"), all("inner")], accounts[i % accounts.length], since);
  }
}

const writePrivate = (stage: ScenarioRun, count: number): Promise<string[]> =>
  createMany(stage, "diaries", count, (i) => ({ title: `diary ${i}`, owner: stage.world.users[i % 4]!.id }), 4);

export const herd = family("herd", [
  [
    "return",
    "When all come back at once after a kill -9, each gets what it missed, and no write waits for them to be done.",
    async (stage) => {
      await stage.start();
      await gather(stage, stage.isShort ? 120 : 600);
      await writePrivate(stage, 40);
      for (const collection of ["notes", "inner"]) await createMany(stage, collection, 20);
      await stage.restart();
      const returning = Promise.all(stage.listeners.map((listener, i) => listener.connect(stage, CURSOR_CHANNELS[i % 3])));
      await createMany(stage, "notes", 20, (i) => ({ title: `meanwhile ${i}` }), 4);
      await returning;
      await stage.settle();
    },
    ["short"],
  ],
  [
    "retry",
    "Clients that leave coming back to the server's word come back spread over time.",
    async (stage) => {
      await stage.start();
      const retries: number[] = [];
      await inParallel(200, 25, async () => {
        const told = Promise.withResolvers<number>();
        const stream = await SseStream.open(`${stage.url}/api/realtime`, {
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
      stage.compared(retries.length);
    },
    ["short"],
  ],
  [
    "come-and-go",
    "Hundreds that come and go while others write leave nothing behind, and those who stay miss nothing.",
    async (stage) => {
      await stage.start();
      for (let i = 0; i < 3; i += 1) await stage.listen([all("notes")]);
      await stage.settle();
      const before = readStats(stage.server.pid).openFiles;
      const crowd = new WriterPool(stage, "crowd", ["notes"]).start(4);
      await inParallel(stage.isShort ? 100 : 400, 16, async () => {
        const passer = await stage.listen([all("notes")]);
        if (stage.random.chance(50)) await crowd.answered(crowd.written.items.length + 1);
        await passer.drop();
        stage.takeOut(passer);
      });
      await crowd.stop();
      await stage.settle();
      const lanes = 24; // Connections that the HTTP client of this process may keep.
      await until(() => readStats(stage.server.pid).openFiles <= before + lanes, "the server lets go of who has left");
    },
  ],
  [
    "shared-place",
    "Of those who come back from the same place, each is told what it may see itself, and not what another may.",
    async (stage) => {
      await stage.start();
      await gather(stage, 60);
      await writePrivate(stage, 200);
      await createMany(stage, "inner", 50);
      for (let visit = 0; visit < 3; visit += 1) {
        await Promise.all(stage.listeners.map((listener) => listener.connect(stage, stage.random.pick(CURSOR_CHANNELS))));
        await stage.settle();
        await Promise.all(stage.listeners.map((listener) => listener.drop()));
        await writePrivate(stage, 40);
      }
      await Promise.all(stage.listeners.map((listener) => listener.connect(stage)));
      await stage.settle();
    },
  ],
]);
