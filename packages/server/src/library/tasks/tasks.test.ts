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

/** Resolves when the task has ended. */
async function over(app: App, id: string) {
  for (;;) {
    const task = await app.tasks.get(id);
    if (task?.ended) return task;
    await Bun.sleep(2);
  }
}

test("a task that was started in a transaction runs after the commit, and does not exist after a rollback", async () => {
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

test("in a transaction only its tx can start tasks", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("nothing", () => {});
  const error = await refusal(app.transaction(() => app.tasks.start("nothing")));
  expect(String(error)).toContain("by its tx");
});

test("the handler gets the parsed input, and its return value is the result, as JSON", async () => {
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

test("tasks wait until the server listens, and a delayed task until it is due", async () => {
  const { app } = await openLibraryApp();
  const started: unknown[] = [];
  app.tasks.define("note", (input) => void started.push(input));
  const first = await app.tasks.start("note", 1);
  const late = await app.tasks.start("note", 2, { delay: 50 });
  await app.records("users").list();
  expect((await app.tasks.get(first.id))!.state).toBe("queued");
  app.start();
  const [one, two] = [await over(app, first.id), await over(app, late.id)];
  expect(started).toEqual([1, 2]);
  expect(two.started! - late.created).toBeGreaterThanOrEqual(50);
  expect(one.ended! <= two.started!).toBe(true);
});

test("a handler that ignores its signal delays neither the end of its task nor the next task", async () => {
  const { app } = await openLibraryApp();
  const go = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  app.tasks.define("deaf", async (_, task) => {
    started.resolve();
    await go.promise;
    task.progress("too late");
    return "too late";
  });
  app.start();
  const { id } = await app.tasks.start("deaf");
  await started.promise;
  expect(await app.tasks.cancel(id)).toMatchObject({ state: "cancelled", output: null });
  go.resolve();
  const other = await app.tasks.start("deaf");
  await over(app, other.id);
  expect(await app.tasks.get(id)).toMatchObject({ state: "cancelled", output: null });
});

test("a handler that never ends frees its slot soon after its task was cancelled", async () => {
  const { app } = await openLibraryApp();
  const started = Promise.withResolvers<void>();
  let runs = 0;
  const hang = () => {
    runs += 1;
    started.resolve();
    return runs === 1 ? new Promise(() => {}) : "done";
  };
  app.tasks.define("hanging", hang, { concurrency: 1 });
  app.start();
  const { id } = await app.tasks.start("hanging");
  await started.promise;
  const next = await app.tasks.start("hanging");
  await app.tasks.cancel(id);
  expect(await over(app, next.id)).toMatchObject({ state: "completed", output: "done" });
  expect(await app.tasks.get(id)).toMatchObject({ state: "cancelled" });
});

test("events of an attempt that timed out are not sent during the next attempt", async () => {
  const { app } = await openLibraryApp();
  const [late, retrying] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const work = async (_: unknown, task: TaskRun): Promise<void> => {
    task.progress(`attempt ${task.attempt}`);
    if (task.attempt === 2) {
      late.resolve();
      return retrying.promise;
    }
    await late.promise;
    task.progress("too late");
    task.write("too late");
    retrying.resolve();
  };
  app.tasks.define("late", work, { attempts: 2, timeout: 200, backoff: 0 });
  const { url } = app.start();
  const { id } = await app.tasks.start("late");
  await over(app, id);
  const stream = await (await fetch(`${url}/api/tasks/${id}/stream`)).text();
  expect(stream).toContain("attempt 2");
  expect(stream).not.toContain("too late");
});

test("what makes no sense is refused when it is defined", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("once", () => {});
  expect(() => app.tasks.define("once", () => {})).toThrow(UserError);
  for (const options of [{ attempts: 0 }, { concurrency: Number.NaN }, { timeout: 0 }, { keep: -1 }]) {
    expect(() => app.tasks.define("other", () => {}, options)).toThrow(TypeError);
  }
});

test("a progress that is not between 0 and 1 fails the attempt", async () => {
  const { app } = await openLibraryApp();
  app.tasks.define("much", (_, task) => task.progress("much", 1.5));
  app.start();
  const { id } = await app.tasks.start("much");
  expect((await over(app, id)).error).toMatchObject({ code: "error", message: expect.stringContaining("0 to 1") });
});

test("a thread that posts an invalid message, or one that JSON can't represent, fails only its task", async () => {
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

test("a client that uses an idempotency key of the application gets a separate task", async () => {
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

test("all expired tasks are deleted, however many there are", async () => {
  const { app } = await openLibraryApp();
  const folder = await openFolder(app.config.dir);
  const numbers = JSON.stringify(Array.from({ length: 1_200 }, (_, i) => i));
  await folder.store.write((tx) =>
    tx.run(sql`INSERT INTO _tasks (id, name, owner, state, input, created, due, expires, last_event, saved_event, saved_seq)
      SELECT 'old' || value, 'old', '', 'completed', 'null', 0, 0, 1, 1, 1, 0 FROM json_each(${numbers})`),
  );
  app.start();
  const left = async (): Promise<unknown> =>
    (await folder.store.first(sql`SELECT count(*) AS count FROM _tasks`))?.["count"];
  while ((await left()) !== 0) await Bun.sleep(20);
  await folder.close();
});
