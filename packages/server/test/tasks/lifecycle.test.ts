import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { readRows } from "@headwater/testing/servers/read-database.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { DrivenTask, payloadsOf, TASK_HOOKS, type TaskResponse, typesOf } from "./driven-task.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({ args: ["--hooks", TASK_HOOKS] });
});
afterAll(() => server[Symbol.asyncDispose]());

const start = (body: unknown, headers: Record<string, string> = {}, token?: string) =>
  request<TaskResponse & { data: Record<string, { code: string }> }>(server.url, "POST", "/api/tasks", {
    body,
    headers,
    token,
  });

test("a failed attempt is retried after a delay, as many times as the task allows", async () => {
  const task = await DrivenTask.start(server.url, "patient");
  using client = await task.openStream();
  for (const attempt of [1, 2, 3]) {
    await task.untilRunning(attempt);
    await task.drive("progress", { attempt });
    await task.drive("fail");
  }
  await client.ended;
  expect(typesOf(client)).toEqual([
    "progress_update",
    "task_retrying",
    "progress_update",
    "task_retrying",
    "progress_update",
    "task_failed",
  ]);
  expect(payloadsOf(client)[1]).toMatchObject({ error: "It broke.", attempt: 1, attempts: 3 });
  expect(await task.state()).toMatchObject({ state: "failed", attempt: 3 });
});

test("cancelling a task ends it at once, aborts its handler, and drops what the handler still reports", async () => {
  const task = await DrivenTask.start(server.url);
  using client = await task.openStream();
  await client.until("connection_open");
  const superuser = await SuperuserClient.signIn(server.url);
  expect((await request(server.url, "POST", `/api/tasks/${task.id}/cancel`)).status).toBe(403);
  const cancelled = await superuser.request<TaskResponse>("POST", `/api/tasks/${task.id}/cancel`);
  expect(cancelled.body).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
  await client.ended;
  expect(typesOf(client)).toEqual(["task_failed"]);
  expect(payloadsOf(client)).toMatchObject([{ code: "cancelled" }]);
  // Cancelling again changes nothing.
  expect((await superuser.request<TaskResponse>("POST", `/api/tasks/${task.id}/cancel`)).body).toEqual(cancelled.body);
});

test("a queued task can be cancelled, and no more tasks run at once than allowed", async () => {
  const superuser = await SuperuserClient.signIn(server.url);
  const first = await DrivenTask.start(server.url, "single");
  const [second, third] = [await DrivenTask.queue(server.url, "single"), await DrivenTask.queue(server.url, "single")];
  expect((await second.state()).state).toBe("queued");
  await superuser.request("POST", `/api/tasks/${second.id}/cancel`);
  expect((await third.state()).state).toBe("queued");
  await first.drive("complete");
  await third.untilRunning();
  expect((await second.state()).state).toBe("cancelled");
  using client = await second.openStream();
  await client.ended;
  expect(typesOf(client)).toEqual(["task_failed"]);
  await third.drive("complete");
});

test("an idempotency key returns the same task, but not for another input or another owner", async () => {
  const superuser = await SuperuserClient.signIn(server.url);
  const key = { "Idempotency-Key": "k1" };
  const tasks = await Promise.all(
    Array.from({ length: 5 }, () => start({ name: "greet", input: { name: "Ann" } }, key)),
  );
  expect(new Set(tasks.map(({ body }) => body.id)).size).toBe(1);
  const other = await start({ name: "greet", input: { name: "Bob" }, idempotencyKey: "k1" });
  expect([other.status, other.body.data["idempotencyKey"]!.code]).toEqual([400, "validation_key_reused"]);
  const { body } = await start({ name: "greet", input: { name: "Ann" } }, key, superuser.token);
  expect(body.id).not.toBe(tasks[0]!.body.id);
});

test("invalid input and unknown task names are refused before the task starts", async () => {
  const wrong = await start({ name: "greet", input: { nam: 1 } });
  expect([wrong.status, wrong.body.data["input"]!.code]).toEqual([400, "validation_invalid_value"]);
  expect((await start({ name: "nothing" })).status).toBe(404);
  expect((await start({})).status).toBe(400);
});

test("rules decide who may start, view and cancel a task", async () => {
  const superuser = await SuperuserClient.signIn(server.url);
  const [ann, bob] = await Promise.all(["ann", "bob"].map((name) => superuser.createUser(name)));
  expect((await start({ name: "internal" })).status).toBe(403);
  expect((await start({ name: "members-only" })).status).toBe(403);
  const { body } = await start({ name: "members-only" }, {}, ann!.token);
  const task = await DrivenTask.start(server.url);
  const see = async (token?: string) => (await request(server.url, "GET", `/api/tasks/${body.id}`, { token })).status;
  expect([await see(), await see(bob!.token), await see(ann!.token), await see(superuser.token)]).toEqual([
    404, 404, 200, 200,
  ]);
  // A task that the user may not view looks like one that does not exist.
  const { text } = await request(server.url, "GET", `/api/tasks/${body.id}/stream`, { token: bob!.token });
  expect(text).toContain("task_not_found");
  expect((await request(server.url, "GET", "/api/tasks", { token: ann!.token })).status).toBe(403);
  const list = await superuser.request<{ items: { id: string; owner: string }[] }>(
    "GET",
    "/api/tasks?name=members-only",
  );
  expect(list.body.items).toMatchObject([{ id: body.id, owner: ann!.id }]);
  const ended = await request<TaskResponse>(server.url, "POST", `/api/tasks/${body.id}/cancel`, { token: ann!.token });
  expect(ended.body.state).toBe("cancelled");
  await task.drive("complete");
});

test("an attempt that exceeds its timeout fails", async () => {
  const { body } = await start({ name: "short" });
  while ((await request<TaskResponse>(server.url, "GET", `/api/tasks/${body.id}`)).body.state !== "failed")
    await Bun.sleep(5);
  const { body: failed } = await request<TaskResponse>(server.url, "GET", `/api/tasks/${body.id}`);
  expect(failed.error!.code).toBe("timeout");
});

test("a long computation in a worker thread blocks no stream and can be cancelled", async () => {
  const superuser = await SuperuserClient.signIn(server.url);
  const small = await start({ name: "compute", input: { rounds: 1_000 } });
  const endless = await start({ name: "compute", input: { rounds: 1e12 } });
  const task = await DrivenTask.start(server.url);
  using client = await task.openStream();
  for (let i = 1; i <= 20; i += 1) await task.drive("progress", { i });
  await client.until("task_event", 20);
  expect((await superuser.request<TaskResponse>("GET", `/api/tasks/${endless.body.id}`)).body.state).not.toBe(
    "completed",
  );
  await superuser.request("POST", `/api/tasks/${endless.body.id}/cancel`);
  await task.drive("complete");
  for (;;) {
    const { body } = await superuser.request<TaskResponse>("GET", `/api/tasks/${small.body.id}`);
    if (body.state === "completed") break;
    await Bun.sleep(5);
  }
  const { text } = await request(server.url, "GET", `/api/tasks/${small.body.id}/stream`);
  expect(text).toContain('{"text": "computing", "progress": 0}');
  expect(text).toContain('{"delta": "done"}');
});

test("a finished task's events move from the log to its row, and can still be replayed", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive(
    "write",
    Array.from({ length: 30 }, (_, i) => `${i} `),
  );
  await task.drive("complete");
  await task.untilFinished();
  const row = () => readRows(server.dir, "_tasks").find(({ id }) => id === task.id)!;
  while (row()["saved_event"] !== row()["last_event"]) await Bun.sleep(20);
  const logged = () => readRows(server.dir, "_changes").filter(({ after }) => String(after).includes(task.id));
  while (logged().length > 0) await Bun.sleep(20);
  using replay = await task.openStream();
  await replay.ended;
  expect(typesOf(replay)).toEqual(["progress_update", "task_completed"]);
});
