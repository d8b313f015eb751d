import { expect, test } from "bun:test";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import type { ApiError } from "../../lib/api-error.ts";
import type { TaskRun } from "../../tasks/definition.ts";
import type { App } from "../create-app.ts";

/** Resolves when the task has ended. */
async function over(app: App, id: string) {
  for (;;) {
    const task = await app.tasks.get(id);
    if (task?.ended) return task;
    await Bun.sleep(2);
  }
}

const circular: Record<string, unknown> = {};
circular["self"] = circular;
const LARGE = "é".repeat(60_000);

test.each([
  ["a BigInt", { rows: [10n] }, "a BigInt (at rows[0])"],
  ["a circular value", circular, "contains itself (at self)"],
  ["a function", () => {}, "a function"],
  ["a Map", new Map(), "a Map"],
  ["too large", { text: LARGE }, "has 120011 bytes; the limit is 100000"],
])("a result that can't be written, %s, fails the task with an error that names it", async (_, result, message) => {
  const { app, logged } = await openLibraryApp({ limits: { taskBytes: 100_000 } });
  app.tasks.define("report", () => result);
  app.tasks.define("other", () => "done");
  app.start();
  const { id } = await app.tasks.start("report");
  const { state, error } = await over(app, id);
  expect({ state, error }).toMatchObject({ state: "failed", error: { code: "error" } });
  for (const part of ['The result of the task "report"', message]) expect(error!.message).toContain(part);
  expect(JSON.stringify(await logged("a task failed"))).toContain('"name":"report"');
  // Events of all tasks share a writer, which goes on.
  expect(await over(app, (await app.tasks.start("other")).id)).toMatchObject({ state: "completed", output: "done" });
});

test("a progress that JSON can't hold fails the attempt with an error that names where, and is sent to nobody", async () => {
  const { app } = await openLibraryApp();
  const odd = { bigint: 1n, nan: Number.NaN, map: new Map(), function: () => {}, circular };
  for (const [name, value] of Object.entries(odd))
    app.tasks.define(name, (_, run) => run.progress({ rows: [value] } as never));
  const { url } = app.start();
  for (const name of Object.keys(odd)) {
    const { id } = await app.tasks.start(name);
    const { state, error } = await over(app, id);
    expect({ state, message: error?.message }).toEqual({
      state: "failed",
      message: expect.stringContaining("rows[0]"),
    });
    expect(error!.message).toContain(`The progress of the task "${name}" can't be written`);
    expect(await (await fetch(`${url}/api/tasks/${id}/stream`)).text()).not.toContain("progress_update");
  }
});

test("a progress or text that is too large fails the attempt, and an input the start", async () => {
  const { app } = await openLibraryApp({ limits: { taskBytes: 100_000 } });
  app.tasks.define("progress", (_, task) => task.progress(LARGE));
  app.tasks.define("text", (_, task) => task.write(LARGE));
  app.start();
  for (const name of ["progress", "text"]) {
    const { error } = await over(app, (await app.tasks.start(name)).id);
    expect(error!.message).toContain(`The ${name} of the task "${name}" has`);
  }
  for (const input of [LARGE, 1n, circular, new Map()]) {
    const refused = (await refusal(app.tasks.start("text", input))) as ApiError;
    expect(refused.data).toMatchObject({ input: { message: expect.stringContaining('The input of the task "text"') } });
  }
  expect(String(await refusal(app.tasks.start("text", 1, { delay: Number.NaN })))).toContain("delay");
});

test("events that are large together are written in parts, and all arrive", async () => {
  const { app } = await openLibraryApp();
  const piece = "x".repeat(100_000);
  app.tasks.define("large", (_, task: TaskRun) => {
    for (let i = 0; i < 100; i += 1) {
      task.progress({ step: i, filler: piece });
      task.write(piece);
    }
    return "done";
  });
  const { url } = app.start();
  const { id } = await app.tasks.start("large");
  // Read from the start: the history keeps only the end of so much.
  const stream = await (await fetch(`${url}/api/tasks/${id}/stream`)).text();
  expect(await over(app, id)).toMatchObject({ state: "completed", output: "done" });
  expect(stream).toContain('"step": 99');
  expect(stream).toContain("task_completed");
});

test("a timeout that no timer can hold does not end an attempt at once", async () => {
  const { app } = await openLibraryApp();
  for (const [name, timeout] of [
    ["month", 30 * 86_400_000],
    ["for-ever", Infinity],
  ] as const) {
    app.tasks.define(name, () => new Promise((resolve) => setTimeout(resolve, 20, "done")), { timeout });
  }
  app.start();
  for (const name of ["month", "for-ever"]) {
    const { id } = await app.tasks.start(name);
    expect(await over(app, id)).toMatchObject({ state: "completed", output: "done" });
  }
});

test("a retry that waits for ever has a date", async () => {
  const { app } = await openLibraryApp();
  const failing = (): never => {
    throw new Error("broken");
  };
  app.tasks.define("patient", failing, { attempts: 2, backoff: Infinity, maxBackoff: Infinity });
  app.start();
  const { id } = await app.tasks.start("patient");
  for (;;) {
    const task = await app.tasks.get(id);
    if (task?.state === "queued" && task.attempt === 1) break;
    await Bun.sleep(2);
  }
  expect((await app.tasks.cancel(id))!.state).toBe("cancelled");
});
