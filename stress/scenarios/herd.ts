import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { SseStream } from "@headwater/testing/clients/sse-stream.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { until, within } from "../lib/within.ts";
import { createMany } from "../lib/writing.ts";

/** Adds this many clients with the same cursor: guests, superusers and users in turn. */
async function addClients(run: ScenarioRun, count: number): Promise<void> {
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
    "reconnect",
    "When all clients reconnect at once after a kill -9, each gets what it missed, and writes do not wait for them.",
    async (run) => {
      await run.start();
      await addClients(run, run.isShort ? 120 : 600);
      await writePrivate(run, 40);
      for (const collection of ["notes", "inner"]) await createMany(run, collection, 20);
      await run.restart();
      const reconnecting = Promise.all(
        run.listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i % 3])),
      );
      await createMany(run, "notes", 20, (i) => ({ title: `meanwhile ${i}` }), 4);
      await reconnecting;
      await run.settle();
    },
    ["short"],
  ],
  [
    "retry",
    "The retry delays that the server sends spread reconnects over time.",
    async (run) => {
      await run.start();
      const retries: number[] = [];
      await inParallel(200, 25, async () => {
        const delay = Promise.withResolvers<number>();
        const stream = await SseStream.open(`${run.url}/api/realtime`, {
          onBlock: (block) => {
            const retry = /^retry: ?(\d+)$/m.exec(block)?.[1];
            if (retry !== undefined) delay.resolve(Number(retry));
          },
        });
        retries.push(await within(delay.promise, "the server sends a retry delay"));
        stream.close();
      });
      const [least, most] = [Math.min(...retries), Math.max(...retries)];
      ensure(least > 0, "a client would reconnect at once");
      const shares = new Set(retries.map((retry) => Math.floor((8 * (retry - least)) / (most - least + 1))));
      ensure(most - least >= 500 && shares.size === 8, `200 clients reconnect between ${least} and ${most} ms`);
      run.compared(retries.length);
    },
    ["short"],
  ],
  [
    "churn",
    "Hundreds of clients that connect and leave during writes leave no open files, and the others miss nothing.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 3; i += 1) await run.connectListener([all("notes")]);
      await run.settle();
      const before = readStats(run.server.pid).openFiles;
      const writers = new WriterPool(run, "writers", ["notes"]).start(4);
      await inParallel(run.isShort ? 100 : 400, 16, async () => {
        const visitor = await run.connectListener([all("notes")]);
        if (run.random.chance(50)) await writers.answered(writers.written.items.length + 1);
        await visitor.drop();
        run.exclude(visitor);
      });
      await writers.stop();
      await run.settle();
      const keptAlive = 24; // Connections that this process's HTTP client may keep open.
      await until(
        () => readStats(run.server.pid).openFiles <= before + keptAlive,
        "the server closes the connections of clients that left",
      );
    },
  ],
  [
    "same-cursor",
    "Clients that reconnect from the same cursor each get what they may see, and nothing that only others may see.",
    async (run) => {
      await run.start();
      await addClients(run, 60);
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
