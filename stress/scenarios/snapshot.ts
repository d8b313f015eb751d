import { request } from "@headwater/testing/clients/request.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import type { Account } from "../lib/listener.ts";
import type { Values } from "../lib/rules.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

interface Snapshot {
  readonly items: readonly Values[];
  readonly cursor: string;
}

async function snapshotOf(stage: ScenarioRun, collection: string, { token }: Account): Promise<Snapshot> {
  const path = `/api/collections/${collection}/records?perPage=1000&skipTotal=1`;
  const { body, headers } = await request<{ items: Values[] }>(stage.url, "GET", path, { token });
  return { items: body.items, cursor: headers.get("headwater-cursor")! };
}

/** Lists, subscribes behind the list, and keeps what it has as an application would. */
async function mirror(stage: ScenarioRun, collection: string, account: Account): Promise<() => ReadonlyMap<string, unknown>> {
  const { items, cursor } = await snapshotOf(stage, collection, account);
  const listener = await stage.newcomer([all(collection)], account, cursor);
  await listener.connect(stage);
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

function ensureSame(mirrored: ReadonlyMap<string, unknown>, items: readonly Values[], stage: ScenarioRun): void {
  const stored = new Map(items.map(({ id, title }) => [String(id), title]));
  ensure(Bun.deepEquals(new Map(mirrored), stored), `a mirror has ${mirrored.size} records, the list ${stored.size}`);
  stage.compared(stored.size);
}

export const snapshot = family("snapshot", [
  [
    "mirror",
    "A list and the stream behind its cursor make up what is stored, whoever writes meanwhile.",
    async (stage) => {
      await stage.start();
      const guest = stage.guest;
      const crowd = new WriterPool(stage, "crowd", ["notes"]).start(8);
      const mirrors = [];
      for (let i = 1; i <= 12; i += 1) {
        await crowd.answered(i * 15);
        mirrors.push(await mirror(stage, "notes", guest));
      }
      await crowd.stop();
      await stage.settle();
      const { items } = await snapshotOf(stage, "notes", guest);
      for (const rows of mirrors) ensureSame(rows(), items, stage);
    },
    ["some seeds", "short"],
  ],
  [
    "owners-mirror",
    "What a user lists and then hears is what that user owns, and nothing of anybody else's.",
    async (stage) => {
      await stage.start();
      const crowd = new WriterPool(stage, "crowd", ["diaries"]).start(6);
      await crowd.answered(40);
      const users = stage.world.users.map((_, i) => stage.user(i));
      for (const user of users) await mirror(stage, "diaries", user);
      await crowd.answered(200);
      await crowd.stop();
      await stage.settle();
      for (const user of users) {
        const { items } = await snapshotOf(stage, "diaries", user);
        ensure(
          items.every(({ owner }) => owner === user.identity.id),
          "a list shows what belongs to another",
        );
      }
    },
  ],
  [
    "kill-between",
    "A list that was read before a kill -9 is continued by the next server's stream.",
    async (stage) => {
      await stage.start();
      const crowd = new WriterPool(stage, "crowd", ["notes"]).start(6);
      await crowd.answered(50);
      const { items, cursor } = await snapshotOf(stage, "notes", stage.guest);
      await crowd.answered(crowd.written.items.length + 30);
      await stage.kill();
      await crowd.stop();
      await stage.start();
      const listener = await stage.newcomer([all("notes")], stage.guest, cursor);
      await listener.connect(stage);
      await stage.settle();
      ensure(items.length > 0, "nothing was listed");
    },
    ["some seeds"],
  ],
  [
    "of-nothing",
    "An empty list has a cursor too, and nothing that comes after it is missed.",
    async (stage) => {
      await stage.start();
      const { items, cursor } = await snapshotOf(stage, "notes", stage.guest);
      ensure(items.length === 0, "the list is not empty");
      await createMany(stage, "notes", 30);
      await (await stage.newcomer([all("notes")], stage.guest, cursor)).connect(stage);
      await stage.settle();
    },
  ],
]);
