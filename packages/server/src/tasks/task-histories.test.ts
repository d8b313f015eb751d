import { expect, setDefaultTimeout, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom, oneof, record } from "fast-check";
import { type Folder, openFolder } from "../app/folder.ts";
import { readFloor, readHead } from "../log/change-log.ts";
import { LogTail } from "../log/tail.ts";
import { tempDir } from "../testing/temp-dir.ts";
import type { TaskHistory } from "./task-history.ts";
import { TaskEventWriter } from "./task-event-writer.ts";
import { claimTask, insertTask } from "./task-table.ts";
import { TaskHistories } from "./task-histories.ts";

setDefaultTimeout(60_000);

const NAMES = ["a", "b", "c"];
const FAR_MS = 3_600_000;

/** One life of a server on a folder. */
async function open(folder: Folder) {
  const { store } = folder;
  const head = await readHead(store);
  const views = new TaskHistories(store);
  await views.load();
  const journal = new TaskEventWriter(store, (error) => {
    throw error;
  });
  for (const name of NAMES) journal.open(name, views.lastOf(name));
  const tail = new LogTail(store, head, [(change) => views.follow(change)], (error) => {
    throw error;
  });
  let isOver = false;
  store.onCommit(() => {
    if (!isOver) tail.wake();
  });
  const settle = async (): Promise<void> => {
    await journal.flushed();
    tail.wake();
    while (tail.seq < (await readHead(store))) await new Promise((resolve) => setImmediate(resolve));
  };
  const end = async (): Promise<void> => {
    await journal.flushed();
    isOver = true;
    await tail.stop();
  };
  return { views, journal, settle, end };
}

/** All that it holds, in a form that does not depend on where texts were cut. */
function contentOf(history: TaskHistory | undefined): string {
  const parts: string[] = [];
  for (let place = 0; ;) {
    const events = history?.after(place, 1_000) ?? [];
    if (events.length === 0) return parts.join("");
    for (const { number, data } of events) {
      const { delta, step } = JSON.parse(data) as { readonly delta?: string; readonly step?: number };
      parts.push(delta ?? `[${step}]`);
      place = number;
    }
  }
}

const act = oneof(
  { weight: 12, arbitrary: record({ does: constantFrom("write", "progress"), task: constantFrom(...NAMES) }) },
  { weight: 3, arbitrary: record({ does: constantFrom("settle", "fold", "restart"), task: constantFrom("") }) },
);

test("who opened a task that had told nothing yet, and was slow to listen, hears what it tells", async () => {
  const folder = await openFolder(tempDir());
  const [early, late] = [NAMES[0]!, NAMES[1]!];
  await folder.store.write(async (tx) => {
    for (const id of [early, late]) {
      await insertTask(tx, { id, name: "x", owner: "", input: null, created: 0, due: 0, key: undefined });
    }
  });
  const life = await open(folder);
  const opened = await Promise.all([early, late].map((id) => life.views.open(id)));
  await life.views.persist(Date.now() + FAR_MS);
  const heard: string[] = [];
  const listen = (at: number): void => {
    const view = life.views.attach(opened[at]!);
    view.listen(() => heard.push(view.id));
    if (view.history.last > 0) heard.push(view.id);
  };
  listen(0);
  for (const id of [early, late]) life.journal.append(id, "progress_update", { step: 1 });
  await life.settle();
  listen(1);
  expect(heard).toEqual([early, late]);
  await life.end();
  await folder.close();
});

test("however telling, storing and restarts interleave, what was told is there, once and in order", async () => {
  await assert(
    asyncProperty(array(act, { minLength: 30, maxLength: 60 }), async (acts) => {
      const folder = await openFolder(tempDir());
      await folder.store.write(async (tx) => {
        for (const id of NAMES) {
          await insertTask(tx, { id, name: "x", owner: "", input: null, created: 0, due: 0, key: undefined });
          await claimTask(tx, id, 0);
        }
      });
      const floor = await readFloor(folder.store);
      const told = new Map(NAMES.map((name) => [name, ""]));
      let life = await open(folder);
      for (const [step, { does, task }] of acts.entries()) {
        if (does === "write") life.journal.append(task, "text", `${step};`);
        if (does === "progress") life.journal.append(task, "progress_update", { step });
        if (does === "write" || does === "progress") {
          told.set(task, told.get(task)! + (does === "write" ? `${step};` : `[${step}]`));
        }
        if (does === "settle" || does === "fold") await life.settle();
        if (does === "fold") await life.views.persist(Date.now() + FAR_MS);
        if (does === "restart") {
          await life.end();
          life = await open(folder);
        }
      }
      await life.settle();
      for (const name of NAMES) expect(contentOf((await life.views.open(name))?.history)).toBe(told.get(name)!);
      await life.end();
      // Whoever follows records can still come back from wherever it could before.
      expect(await readFloor(folder.store)).toBe(floor);
      await folder.close();
    }),
    { numRuns: 25 },
  );
});
