import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { openFolder } from "../app/folder.ts";
import { defineTask, type TaskHandler, type TaskOptions } from "./definition.ts";
import { DefinitionSet } from "./definitions.ts";
import { claimTask, findTask, insertTask } from "./task-table.ts";
import type { Task } from "./task.ts";
import { Tasks } from "./tasks.ts";

setDefaultTimeout(60_000);

const folder = await openFolder(testDir());
const { store } = folder;
const errors: unknown[] = [];
const open: Tasks[] = [];
afterAll(async () => {
  for (const tasks of open) await tasks.stop(0);
  await folder.close();
});

/** The tasks of one server. */
async function serve(name: string, handler: TaskHandler<never>, options: TaskOptions<unknown> = {}): Promise<Tasks> {
  const tasks = new Tasks(store, (error) => errors.push(error));
  open.push(tasks);
  const set = new DefinitionSet();
  set.add(defineTask(name, handler, { backoff: 1, ...options }));
  tasks.definitions.replace([set]);
  await tasks.startRunner();
  return tasks;
}

async function ended(id: string): Promise<Task> {
  for (;;) {
    const task = await findTask(store, id);
    if (task?.ended) return task;
    await Bun.sleep(1);
  }
}

/** A task as a server leaves it that was killed during an attempt. */
async function interrupt(id: string, name: string): Promise<void> {
  await store.write(async (tx) => {
    await insertTask(tx, { id, name, owner: "", input: null, created: 0, due: 0, key: undefined });
    await claimTask(tx, id, 0);
  });
}

test("a failed attempt is retried until the attempts are used up", async () => {
  const attempts: number[] = [];
  const fail: TaskHandler<never> = (_, { attempt }) => {
    attempts.push(attempt);
    throw new Error("broken");
  };
  const tasks = await serve("failing", fail, { attempts: 3 });
  const { id } = await tasks.start("failing", null);
  expect(await ended(id)).toMatchObject({ state: "failed", attempt: 3, error: { code: "error", message: "broken" } });
  expect(attempts).toEqual([1, 2, 3]);
});

test("an attempt that exceeds its timeout fails", async () => {
  const tasks = await serve("slow", () => new Promise(() => {}), { timeout: 5 });
  const { id } = await tasks.start("slow", null);
  expect(await ended(id)).toMatchObject({ state: "failed", error: { code: "timeout" } });
});

test("no more tasks of a name run at once than its concurrency allows", async () => {
  let [running, most] = [0, 0];
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await Bun.sleep(2);
    running -= 1;
  };
  const tasks = await serve("limited", work, { concurrency: 2 });
  const started = await Promise.all(Array.from({ length: 6 }, () => tasks.start("limited", null)));
  await Promise.all(started.map(({ id }) => ended(id)));
  expect(most).toBe(2);
});

test("a task that a crash interrupted runs again if it has attempts left, and fails if not", async () => {
  await interrupt("retried", "interrupted");
  await serve("interrupted", (_, { attempt }) => attempt, { attempts: 2 });
  expect(await ended("retried")).toMatchObject({ state: "completed", output: 2 });
  await interrupt("once", "interrupted-once");
  await serve("interrupted-once", () => {});
  expect(await ended("once")).toMatchObject({ state: "failed", error: { code: "interrupted" } });
});

test("a stop returns a task with retries to the queue without counting the attempt, and fails one without", async () => {
  const untilAborted: TaskHandler<never> = (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  for (const [attempts, expected] of [
    [2, { state: "queued", attempt: 0 }],
    [1, { state: "failed", error: { code: "interrupted" } }],
  ] as const) {
    const tasks = await serve(`stopped-${attempts}`, untilAborted, { attempts });
    const { id } = await tasks.start(`stopped-${attempts}`, null);
    while (tasks.active === 0 || (await findTask(store, id))?.state !== "running") await Bun.sleep(1);
    await Bun.sleep(5);
    await tasks.stop(5_000);
    expect(await findTask(store, id)).toMatchObject(expected);
  }
});

test("a cancelled task ends once, whether it waits or runs", async () => {
  const tasks = await serve(
    "cancelled",
    (_, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
    {
      concurrency: 1,
    },
  );
  const [running, waiting] = [await tasks.start("cancelled", null), await tasks.start("cancelled", null)];
  while ((await findTask(store, running.id))?.state !== "running") await Bun.sleep(1);
  for (const { id } of [waiting, running]) {
    expect(await tasks.cancel(id)).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
    const first = await tasks.find(id);
    expect(await tasks.cancel(id)).toEqual(first);
  }
});

test("a task whose name is not defined waits until it is", async () => {
  const tasks = await serve("defined-first", () => {});
  const later = new DefinitionSet();
  await store.write((tx) =>
    insertTask(tx, { id: "later", name: "defined-later", owner: "", input: null, created: 0, due: 0, key: undefined }),
  );
  await tasks.startRunner();
  expect(await findTask(store, "later")).toMatchObject({ state: "queued" });
  later.add(defineTask("defined-later", () => "done"));
  tasks.definitions.replace([later]);
  expect(await ended("later")).toMatchObject({ state: "completed", output: "done" });
});

test("only failures of handlers are reported as errors", () => {
  const messages = errors.map((error) => (error as Error).message);
  expect(messages).toEqual(expect.arrayContaining(["broken", "It took longer than 5 ms."]));
  expect(messages).not.toContain("The task was cancelled.");
});
