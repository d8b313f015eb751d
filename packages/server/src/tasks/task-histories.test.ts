import { expect, setDefaultTimeout, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom, oneof, record } from "fast-check";
import { type Folder, openFolder } from "../app/folder.ts";
import { plainPages } from "../testing/plain-pages.ts";
import { readTrimmedTo, readHead } from "../log/change-log.ts";
import { LogTail } from "../log/tail.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import type { TaskHistory } from "./task-history.ts";
import { TaskEventWriter } from "./task-event-writer.ts";
import { claimTask, insertTask } from "./task-table.ts";
import { TaskHistories } from "./task-histories.ts";

setDefaultTimeout(60_000);

const NAMES = ["a", "b", "c"];
const HOUR_MS = 3_600_000;

/** Starts the tasks of a server on a folder. */
async function open(folder: Folder) {
  const { store } = folder;
  const head = await readHead(store);
  const histories = new TaskHistories(store);
  await histories.load();
  const writer = new TaskEventWriter(store, (error) => {
    throw error;
  });
  for (const name of NAMES) writer.open(name, histories.lastOf(name));
  const tail = new LogTail(plainPages(store), head, [(change) => histories.follow(change)], (error) => {
    throw error;
  });
  let isOver = false;
  store.onCommit(() => {
    if (!isOver) tail.wake();
  });
  const settle = async (): Promise<void> => {
    await writer.flushed();
    tail.wake();
    while (tail.seq < (await readHead(store))) await new Promise((resolve) => setImmediate(resolve));
  };
  const end = async (): Promise<void> => {
    await writer.flushed();
    isOver = true;
    await tail.stop();
  };
  return { histories, writer, settle, end };
}

/** The content of a history, in a form that does not depend on how texts were split. */
function contentOf(history: TaskHistory | undefined): string {
  const parts: string[] = [];
  for (let position = 0; ;) {
    const events = history?.after(position, 1_000) ?? [];
    if (events.length === 0) return parts.join("");
    for (const { number, data } of events) {
      const { delta, step } = JSON.parse(data) as { readonly delta?: string; readonly step?: number };
      parts.push(delta ?? `[${step}]`);
      position = number;
    }
  }
}

const action = oneof(
  { weight: 12, arbitrary: record({ kind: constantFrom("write", "progress"), task: constantFrom(...NAMES) }) },
  { weight: 3, arbitrary: record({ kind: constantFrom("settle", "persist", "restart"), task: constantFrom("") }) },
);

test("a listener that opened a task before its first event, and attached late, gets its events", async () => {
  const folder = await openFolder(testDir());
  const [early, late] = [NAMES[0]!, NAMES[1]!];
  await folder.store.write(async (tx) => {
    for (const id of [early, late]) {
      await insertTask(tx, { id, name: "x", owner: "", input: null, created: 0, due: 0, key: undefined });
    }
  });
  const server = await open(folder);
  const opened = await Promise.all([early, late].map((id) => server.histories.open(id)));
  await server.histories.persist(Date.now() + HOUR_MS);
  const notified: string[] = [];
  const listen = (at: number): void => {
    const stream = server.histories.attach(opened[at]!);
    stream.listen(() => notified.push(stream.id));
    if (stream.history.last > 0) notified.push(stream.id);
  };
  listen(0);
  for (const id of [early, late]) server.writer.append(id, "progress_update", { step: 1 });
  await server.settle();
  listen(1);
  expect(notified).toEqual([early, late]);
  await server.end();
  await folder.close();
});

test("however events, saves and restarts interleave, each event is there once and in order", async () => {
  await assert(
    asyncProperty(array(action, { minLength: 30, maxLength: 60 }), async (actions) => {
      const folder = await openFolder(testDir());
      await folder.store.write(async (tx) => {
        for (const id of NAMES) {
          await insertTask(tx, { id, name: "x", owner: "", input: null, created: 0, due: 0, key: undefined });
          await claimTask(tx, id, 0);
        }
      });
      const floor = await readTrimmedTo(folder.store);
      const expected = new Map(NAMES.map((name) => [name, ""]));
      let server = await open(folder);
      for (const [step, { kind, task }] of actions.entries()) {
        if (kind === "write") server.writer.append(task, "text", `${step};`);
        if (kind === "progress") server.writer.append(task, "progress_update", { step });
        if (kind === "write" || kind === "progress") {
          expected.set(task, expected.get(task)! + (kind === "write" ? `${step};` : `[${step}]`));
        }
        if (kind === "settle" || kind === "persist") await server.settle();
        if (kind === "persist") await server.histories.persist(Date.now() + HOUR_MS);
        if (kind === "restart") {
          await server.end();
          server = await open(folder);
        }
      }
      await server.settle();
      for (const name of NAMES)
        expect(contentOf((await server.histories.open(name))?.history)).toBe(expected.get(name)!);
      await server.end();
      // Clients that follow records can still resume from every seq they could before.
      expect(await readTrimmedTo(folder.store)).toBe(floor);
      await folder.close();
    }),
    { numRuns: 25 },
  );
});
