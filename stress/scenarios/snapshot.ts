import { request } from "@headwater/testing/clients/request.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import type { Account } from "../lib/listener.ts";
import type { Values } from "../lib/rules.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

interface Snapshot {
  readonly items: readonly Values[];
  readonly cursor: string;
}

async function snapshotOf(run: ScenarioRun, collection: string, { token }: Account): Promise<Snapshot> {
  const path = `/api/collections/${collection}/records?perPage=1000&skipTotal=1`;
  const { body, headers } = await request<{ items: Values[] }>(run.url, "GET", path, { token });
  return { items: body.items, cursor: headers.get("headwater-cursor")! };
}

/** Lists records, subscribes from the list's cursor, and applies events as an application would. */
async function mirror(
  run: ScenarioRun,
  collection: string,
  account: Account,
): Promise<() => ReadonlyMap<string, unknown>> {
  const { items, cursor } = await snapshotOf(run, collection, account);
  const listener = await run.addListener([all(collection)], account, cursor);
  await listener.connect(run);
  return () => {
    const rows = new Map(items.map(({ id, title }) => [String(id), title]));
    for (const { event, data } of listener.connection.inbox.items) {
      if (event !== `${collection}/*`) continue;
      const { action, record } = JSON.parse(data) as { action: string; record: { id: string; title: string } };
      if (action === "delete") rows.delete(record.id);
      else rows.set(record.id, record.title);
    }
    return rows;
  };
}

function ensureSame(mirrored: ReadonlyMap<string, unknown>, items: readonly Values[], run: ScenarioRun): void {
  const stored = new Map(items.map(({ id, title }) => [String(id), title]));
  ensure(
    Bun.deepEquals(new Map(mirrored), stored),
    `the mirror has ${mirrored.size} records, the list ${stored.size}, or they differ`,
  );
  run.compared(stored.size);
}

export const snapshot = family("snapshot", [
  [
    "mirror",
    "A list plus the stream from its cursor equals what is stored, during concurrent writes.",
    async (run) => {
      await run.start();
      const guest = run.guest;
      const writers = new WriterPool(run, "writers", ["notes"]).start(8);
      const mirrors = [];
      for (let i = 1; i <= 12; i += 1) {
        await writers.answered(i * 15);
        mirrors.push(await mirror(run, "notes", guest));
      }
      await writers.stop();
      await run.settle();
      const { items } = await snapshotOf(run, "notes", guest);
      for (const rows of mirrors) ensureSame(rows(), items, run);
    },
    ["some seeds", "short"],
  ],
  [
    "owners-mirror",
    "A user's list and stream contain only that user's records.",
    async (run) => {
      await run.start();
      const writers = new WriterPool(run, "writers", ["diaries"]).start(6);
      await writers.answered(40);
      const users = run.seedFolder.users.map((_, i) => run.user(i));
      for (const user of users) await mirror(run, "diaries", user);
      await writers.answered(200);
      await writers.stop();
      await run.settle();
      for (const user of users) {
        const { items } = await snapshotOf(run, "diaries", user);
        ensure(
          items.every(({ owner }) => owner === user.identity.id),
          "a list contains another user's record",
        );
      }
    },
  ],
  [
    "kill-between",
    "A list read before a kill -9 is continued by the restarted server's stream.",
    async (run) => {
      await run.start();
      const writers = new WriterPool(run, "writers", ["notes"]).start(6);
      await writers.answered(50);
      const { items, cursor } = await snapshotOf(run, "notes", run.guest);
      await writers.answered(writers.written.items.length + 30);
      await run.kill();
      await writers.stop();
      await run.start();
      const listener = await run.addListener([all("notes")], run.guest, cursor);
      await listener.connect(run);
      await run.settle();
      ensure(items.length > 0, "the list is empty");
    },
    ["some seeds"],
  ],
  [
    "empty-list",
    "An empty list has a cursor too, and no later change is missed.",
    async (run) => {
      await run.start();
      const { items, cursor } = await snapshotOf(run, "notes", run.guest);
      ensure(items.length === 0, "the list is not empty");
      await createMany(run, "notes", 30);
      await (await run.addListener([all("notes")], run.guest, cursor)).connect(run);
      await run.settle();
    },
  ],
]);
