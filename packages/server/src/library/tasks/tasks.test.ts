import { expect, test } from "bun:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { openFolder } from "../../app/folder.ts";
import { sql } from "../../store/sql.ts";
import type { ApiError } from "../../lib/api-error.ts";
import type { TaskRun } from "../../tasks/definition.ts";
import { UserError } from "../../lib/user-error.ts";
import type { App } from "../create-app.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { text } from "../collections/fields.ts";

const orders = defineCollection("orders", { fields: { title: text() } });

/** Resolves when the task is over. */
async function over(app: App, id: string) {
  for (;;) {
    const task = await app.tasks.get(id);
    if (task?.ended) return task;
    await Bun.sleep(2);
  }
}

test("a task that was started in a transaction begins when that is committed, and is not there if it is undone", async () => {
  const { app } = await openLibraryApp({ collections: [orders] });
  const inputs: unknown[] = [];
  app.tasks.define("invoice", (input) => void inputs.push(input));
  app.start();
  const undone = await refusal(
    app.transaction(async (tx) => {
      await tx.records(orders).create({ title: "undone" });
      await tx.tasks.start("invoice", "undone");
      throw new Error("no");
    }),
  );
  expect(undone).toMatchObject({ message: "no" });
  app.within("create", orders, async ({ record, tx }) => {
    await tx.tasks.start("invoice", record.title);
  });
  await app.records(orders).create({ title: "done" });
  const { id } = await app.tasks.start("invoice", "last");
  await over(app, id);
  expect(inputs).toEqual(["done", "last"]);
});

test("by any other way than its tx no task is started in a transaction, where it would wait for ever", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("nothing", () => {});
  const error = await refusal(app.transaction(() => app.tasks.start("nothing")));
  expect(String(error)).toContain("by its tx");
});

test("a task has the input that its parser made, and its result is what JSON holds of what it returned", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("double", ({ at }) => ({ at, next: new Date(at.getTime() + 1), nothing: undefined }), {
    input: (value: unknown) => {
      const at = new Date(String(value));
      if (Number.isNaN(at.getTime())) throw new Error("Must be a date.");
      return { at };
    },
  });
  app.start();
  const { id } = await app.tasks.start("double", "2026-01-01T00:00:00.000Z");
  expect(await over(app, id)).toMatchObject({
    state: "completed",
    input: "2026-01-01T00:00:00.000Z",
    output: { at: "2026-01-01T00:00:00.000Z", next: "2026-01-01T00:00:00.001Z" },
  });
  const refused = (await refusal(app.tasks.start("double", "soon"))) as ApiError;
  expect(refused.data).toMatchObject({ input: { message: "Must be a date." } });
});

test("tasks wait until their server listens, and a delayed one for its time", async () => {
  const { app } = await openLibraryApp();
  const begun: unknown[] = [];
  app.tasks.define("note", (input) => void begun.push(input));
  const first = await app.tasks.start("note", 1);
  const late = await app.tasks.start("note", 2, { delay: 50 });
  await app.records("users").list();
  expect((await app.tasks.get(first.id))!.state).toBe("queued");
  app.start();
  const [one, two] = [await over(app, first.id), await over(app, late.id)];
  expect(begun).toEqual([1, 2]);
  expect(two.started! - late.created).toBeGreaterThanOrEqual(50);
  expect(one.ended! <= two.started!).toBe(true);
});

test("a signal that nobody looks at holds up neither the end of the task nor the next one", async () => {
  const { app } = await openLibraryApp();
  const go = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  app.tasks.define("deaf", async (_, task) => {
    begun.resolve();
    await go.promise;
    task.progress("too late");
    return "too late";
  });
  app.start();
  const { id } = await app.tasks.start("deaf");
  await begun.promise;
  expect(await app.tasks.cancel(id)).toMatchObject({ state: "cancelled", output: null });
  go.resolve();
  const other = await app.tasks.start("deaf");
  await over(app, other.id);
  expect(await app.tasks.get(id)).toMatchObject({ state: "cancelled", output: null });
});

test("a handler that never ends keeps its place no longer than a moment after its task was cancelled", async () => {
  const { app } = await openLibraryApp();
  const begun = Promise.withResolvers<void>();
  let runs = 0;
  const hang = () => {
    runs += 1;
    begun.resolve();
    return runs === 1 ? new Promise(() => {}) : "done";
  };
  app.tasks.define("hanging", hang, { concurrency: 1 });
  app.start();
  const { id } = await app.tasks.start("hanging");
  await begun.promise;
  const next = await app.tasks.start("hanging");
  await app.tasks.cancel(id);
  expect(await over(app, next.id)).toMatchObject({ state: "completed", output: "done" });
  expect(await app.tasks.get(id)).toMatchObject({ state: "cancelled" });
});

test("what an attempt tells that took too long is not told among what the next one tells", async () => {
  const { app } = await openLibraryApp();
  const [late, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const work = async (_: unknown, task: TaskRun): Promise<void> => {
    task.progress(`attempt ${task.attempt}`);
    if (task.attempt === 2) {
      late.resolve();
      return told.promise;
    }
    await late.promise;
    task.progress("too late");
    task.write("too late");
    told.resolve();
  };
  app.tasks.define("late", work, { attempts: 2, timeout: 200, backoff: 0 });
  const { url } = app.start();
  const { id } = await app.tasks.start("late");
  await over(app, id);
  const heard = await (await fetch(`${url}/api/tasks/${id}/stream`)).text();
  expect(heard).toContain("attempt 2");
  expect(heard).not.toContain("too late");
});

test("what makes no sense is refused when it is defined", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("once", () => {});
  expect(() => app.tasks.define("once", () => {})).toThrow(UserError);
  for (const options of [{ attempts: 0 }, { concurrency: Number.NaN }, { timeout: 0 }, { keep: -1 }]) {
    expect(() => app.tasks.define("other", () => {}, options)).toThrow(TypeError);
  }
});

test("a progress outside of 0 to 1 fails the attempt that told it", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("much", (_, task) => task.progress("much", 1.5));
  app.start();
  const { id } = await app.tasks.start("much");
  expect((await over(app, id)).error).toMatchObject({ code: "error", message: expect.stringContaining("0 to 1") });
});

test("what a thread says that is no message, or that JSON can't hold, fails its task and nothing else", async () => {
  const { app } = await openLibraryApp();
  const dir = testDir();
  const define = async (name: string, body: string): Promise<void> => {
    const file = join(dir, `${name}.js`);
    await Bun.write(file, `export default (input, task) => { ${body} }`);
    app.tasks.define(name, pathToFileURL(file));
  };
  await define("bigint", "task.progress({ rows: 10n });");
  await define("foreign", "postMessage(null); return new Promise(() => {});");
  await define("sly", 'postMessage({ kind: "progress", update: { rows: 10n } }); return new Promise(() => {});');
  await define("flushing", 'task.write("a"); void task.flushed(); return "done";');
  app.start();
  const states = ["bigint", "foreign", "sly", "flushing"].map(async (name) => {
    const { id } = await app.tasks.start(name);
    return (await over(app, id)).state;
  });
  expect(await Promise.all(states)).toEqual(["failed", "failed", "failed", "completed"]);
});

test("a client that uses the application's idempotency key gets a task of its own", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("report", () => "for the application alone", { startRule: "" });
  const { url } = app.start();
  const own = await app.tasks.start("report", null, { idempotencyKey: "daily" });
  const start = async (key: string): Promise<{ readonly status: number; readonly id: unknown }> => {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    const answer = await fetch(`${url}/api/tasks`, { method: "POST", headers, body: '{"name":"report","input":null}' });
    return { status: answer.status, id: ((await answer.json()) as { readonly id?: unknown }).id };
  };
  const [first, again, long, empty] = await Promise.all(["daily", "daily", "x".repeat(256), ""].map(start));
  expect(first!.id).not.toBe(own.id);
  expect(again!.id).toBe(first!.id);
  expect(long!.status).toBe(400);
  expect(empty!.id).not.toBe((await start("")).id);
});

test("however many tasks are over for long enough, they go", async () => {
  const { app } = await openLibraryApp();
  const folder = await openFolder(app.config.dir);
  const numbers = JSON.stringify(Array.from({ length: 1_200 }, (_, i) => i));
  await folder.store.write((tx) =>
    tx.run(sql`INSERT INTO _tasks (id, name, owner, state, input, created, due, expires, told, folded, folded_to)
      SELECT 'old' || value, 'old', '', 'completed', 'null', 0, 0, 1, 1, 1, 0 FROM json_each(${numbers})`),
  );
  app.start();
  const left = async (): Promise<unknown> =>
    (await folder.store.first(sql`SELECT count(*) AS count FROM _tasks`))?.["count"];
  while ((await left()) !== 0) await Bun.sleep(20);
  await folder.close();
});
