import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { readRows } from "@headwater/testing/servers/read-database.ts";
import { DrivenTask, TASK_HOOKS, type TaskResponse } from "./driven-task.ts";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";

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
const told = ({ events }: JsonEventClient): unknown[] =>
  events.filter(({ event }) => event === "task_event").map(({ data }) => data["data"]);
const types = ({ events }: JsonEventClient): unknown[] =>
  events.filter(({ event }) => event === "task_event").map(({ data }) => data["event_type"]);

test("who comes back with the last id that it saw gets the rest, and each event once", async () => {
  const task = await DrivenTask.start(server.url);
  using whole = await task.openStream();
  for (let i = 1; i <= 6; i += 1) await task.drive("progress", { step: i });
  await whole.until("task_event", 6);
  const ids = whole.events.flatMap(({ id }) => id ?? []);
  const back = await Promise.all(ids.map((id) => task.openStream({ "Last-Event-ID": id })));
  await task.drive("complete");
  await Promise.all([...back.map(({ ended }) => ended), whole.ended]);
  for (const [i, client] of back.entries()) expect(told(client)).toEqual(told(whole).slice(i + 1));
});

test("a late listener gets the history first, and what follows", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive("progress", { step: 1 });
  await task.drive("write", ["a", "b", "c"]);
  using late = await task.openStream();
  await late.until("task_event", 2);
  await task.drive("progress", { step: 2 });
  await task.drive("complete", "end");
  await late.ended;
  expect(told(late)).toEqual([{ step: 1 }, { delta: "abc" }, { step: 2 }, "end"]);
});

test("the stream of a task that is over replays and closes, and one who has heard that too is told not to come back", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive("progress", { step: 1 });
  await task.drive("complete", { result: 1 });
  await task.untilFinished();
  using replay = await task.openStream();
  await replay.ended;
  expect(types(replay)).toEqual(["progress_update", "task_completed"]);
  expect(replay.names.at(-1)).toBe("connection_close");

  const [last, close] = replay.events.slice(-2);
  using cut = await task.openStream({ "Last-Event-ID": last!.id! });
  await cut.ended;
  expect(cut.names).toEqual(["connection_open", "connection_close"]);
  const { status } = await request(server.url, "GET", `/api/tasks/${task.id}/stream`, {
    headers: { "Last-Event-ID": close!.id! },
  });
  expect(status).toBe(204);
});

test("an id of another life of the log, or of no event, is answered with a resync and the whole history", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive("progress", { step: 1 });
  using first = await task.openStream();
  const { id } = await first.until("task_event");
  const clients = await Promise.all(
    ["other.1", `${id!.split(".")[0]}.99`].map((seen) => task.openStream({ "Last-Event-ID": seen })),
  );
  await task.drive("complete", 2);
  await Promise.all(clients.map(({ ended }) => ended));
  expect(clients.map(({ events }) => events[1])).toMatchObject([
    { event: "resync", data: { reason: "epoch" } },
    { event: "resync", data: { reason: "unknown" } },
  ]);
  for (const client of clients) expect(told(client)).toEqual([{ step: 1 }, 2]);
});

test("a listener that does not read holds up nobody, and is told when what it missed is not kept any more", async () => {
  const task = await DrivenTask.start(server.url);
  using slow = await task.openStream();
  using fast = await task.openStream();
  await slow.until("connection_open");
  slow.pause();
  const pieces = Array.from({ length: 60 }, (_, i) => `${String(i).padStart(3, "0")} ${"x".repeat(200_000)};`);
  for (const piece of pieces) await task.drive("write", [piece]);
  await task.drive("complete");
  await fast.ended;
  const textOf = (client: JsonEventClient): string =>
    (told(client) as { readonly delta?: string }[]).map(({ delta = "" }) => delta).join("");
  expect(textOf(fast)).toBe(pieces.join(""));
  slow.resume();
  await slow.ended;
  expect(slow.names).toContain("resync");
  const missed = slow.names.indexOf("resync");
  expect(slow.events[missed]!.data["reason"]).toBe("expired");
  expect(slow.names.at(-1)).toBe("connection_close");
  // What came before the gap is a beginning of the whole, what came behind it an end.
  const parts = [slow.events.slice(0, missed), slow.events.slice(missed)].map((events) =>
    events.map(({ data }) => (data["data"] as { readonly delta?: string } | undefined)?.delta ?? "").join(""),
  );
  expect(pieces.join("").startsWith(parts[0]!)).toBe(true);
  expect(pieces.join("").endsWith(parts[1]!)).toBe(true);
});

test("streams of tasks count as connections", async () => {
  await using small = await startServer({ args: ["--hooks", TASK_HOOKS, "--max-connections", "1"] });
  const task = await DrivenTask.start(small.url);
  using first = await task.openStream();
  await first.until("connection_open");
  const refused = await request<{ data: object }>(small.url, "GET", `/api/tasks/${task.id}/stream`);
  expect([refused.status, refused.body.data]).toMatchObject([503, { connections: { code: "limit_connections" } }]);
  first.close();
  const version = `${small.url}/api/utils/version/stream`;
  for (let isFree = false; !isFree;) {
    using client = await JsonEventClient.open(version).catch(() => undefined);
    isFree = client !== undefined;
  }
});

test("a failed attempt is tried again after a while, as often as its policy says", async () => {
  const task = await DrivenTask.start(server.url, "patient");
  using client = await task.openStream();
  for (const attempt of [1, 2, 3]) {
    await task.untilRunning(attempt);
    await task.drive("progress", { attempt });
    await task.drive("fail");
  }
  await client.ended;
  expect(types(client)).toEqual([
    "progress_update",
    "task_retrying",
    "progress_update",
    "task_retrying",
    "progress_update",
    "task_failed",
  ]);
  expect(told(client)[1]).toMatchObject({ error: "It broke.", attempt: 1, attempts: 3 });
  expect(await task.state()).toMatchObject({ state: "failed", attempt: 3 });
});

test("a cancelled task ends at once, its handler hears of it, and what that still says is not told", async () => {
  const task = await DrivenTask.start(server.url);
  using client = await task.openStream();
  await client.until("connection_open");
  const admin = await SuperuserClient.signIn(server.url);
  expect((await request(server.url, "POST", `/api/tasks/${task.id}/cancel`)).status).toBe(403);
  const cancelled = await admin.request<TaskResponse>("POST", `/api/tasks/${task.id}/cancel`);
  expect(cancelled.body).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
  await client.ended;
  expect(types(client)).toEqual(["task_failed"]);
  expect(told(client)).toMatchObject([{ code: "cancelled" }]);
  // Cancelling again changes nothing.
  expect((await admin.request<TaskResponse>("POST", `/api/tasks/${task.id}/cancel`)).body).toEqual(cancelled.body);
});

test("a task that waits can be cancelled, and no more are at work than may be", async () => {
  const admin = await SuperuserClient.signIn(server.url);
  const first = await DrivenTask.start(server.url, "single");
  const [second, third] = [await DrivenTask.queue(server.url, "single"), await DrivenTask.queue(server.url, "single")];
  expect((await second.state()).state).toBe("queued");
  await admin.request("POST", `/api/tasks/${second.id}/cancel`);
  expect((await third.state()).state).toBe("queued");
  await first.drive("complete");
  await third.untilRunning();
  expect((await second.state()).state).toBe("cancelled");
  using client = await second.openStream();
  await client.ended;
  expect(types(client)).toEqual(["task_failed"]);
  await third.drive("complete");
});

test("the same key finds the same task, and is not for another input or another owner", async () => {
  const admin = await SuperuserClient.signIn(server.url);
  const key = { "Idempotency-Key": "k1" };
  const tasks = await Promise.all(
    Array.from({ length: 5 }, () => start({ name: "greet", input: { name: "Ann" } }, key)),
  );
  expect(new Set(tasks.map(({ body }) => body.id)).size).toBe(1);
  const other = await start({ name: "greet", input: { name: "Bob" }, idempotencyKey: "k1" });
  expect([other.status, other.body.data["idempotencyKey"]!.code]).toEqual([400, "validation_key_reused"]);
  const { body } = await start({ name: "greet", input: { name: "Ann" } }, key, admin.token);
  expect(body.id).not.toBe(tasks[0]!.body.id);
});

test("what a task does not take is refused before it begins, and so is a name that nothing is defined for", async () => {
  const wrong = await start({ name: "greet", input: { nam: 1 } });
  expect([wrong.status, wrong.body.data["input"]!.code]).toEqual([400, "validation_invalid_value"]);
  expect((await start({ name: "nothing" })).status).toBe(404);
  expect((await start({})).status).toBe(400);
});

test("rules say who may start a task, see it and cancel it", async () => {
  const admin = await SuperuserClient.signIn(server.url);
  const [ann, bob] = await Promise.all(["ann", "bob"].map((name) => admin.createUser(name)));
  expect((await start({ name: "internal" })).status).toBe(403);
  expect((await start({ name: "members-only" })).status).toBe(403);
  const { body } = await start({ name: "members-only" }, {}, ann!.token);
  const task = await DrivenTask.start(server.url);
  const see = async (token?: string) => (await request(server.url, "GET", `/api/tasks/${body.id}`, { token })).status;
  expect([await see(), await see(bob!.token), await see(ann!.token), await see(admin.token)]).toEqual([
    404, 404, 200, 200,
  ]);
  // What may not be seen is not there.
  const { text } = await request(server.url, "GET", `/api/tasks/${body.id}/stream`, { token: bob!.token });
  expect(text).toContain("task_not_found");
  expect((await request(server.url, "GET", "/api/tasks", { token: ann!.token })).status).toBe(403);
  const list = await admin.request<{ items: { id: string; owner: string }[] }>("GET", "/api/tasks?name=members-only");
  expect(list.body.items).toMatchObject([{ id: body.id, owner: ann!.id }]);
  const ended = await request<TaskResponse>(server.url, "POST", `/api/tasks/${body.id}/cancel`, { token: ann!.token });
  expect(ended.body.state).toBe("cancelled");
  await task.drive("complete");
});

test("an attempt that takes too long fails", async () => {
  const { body } = await start({ name: "short" });
  while ((await request<TaskResponse>(server.url, "GET", `/api/tasks/${body.id}`)).body.state !== "failed")
    await Bun.sleep(5);
  const { body: failed } = await request<TaskResponse>(server.url, "GET", `/api/tasks/${body.id}`);
  expect(failed.error!.code).toBe("timeout");
});

test("long computing in a thread of its own holds up no stream, and can be cancelled", async () => {
  const admin = await SuperuserClient.signIn(server.url);
  const small = await start({ name: "compute", input: { rounds: 1_000 } });
  const endless = await start({ name: "compute", input: { rounds: 1e12 } });
  const task = await DrivenTask.start(server.url);
  using client = await task.openStream();
  for (let i = 1; i <= 20; i += 1) await task.drive("progress", { i });
  await client.until("task_event", 20);
  expect((await admin.request<TaskResponse>("GET", `/api/tasks/${endless.body.id}`)).body.state).not.toBe("completed");
  await admin.request("POST", `/api/tasks/${endless.body.id}/cancel`);
  await task.drive("complete");
  for (;;) {
    const { body } = await admin.request<TaskResponse>("GET", `/api/tasks/${small.body.id}`);
    if (body.state === "completed") break;
    await Bun.sleep(5);
  }
  const { text } = await request(server.url, "GET", `/api/tasks/${small.body.id}/stream`);
  expect(text).toContain('{"text": "computing", "progress": 0}');
  expect(text).toContain('{"delta": "done"}');
});

test("what is over is taken from the log when it is stored with its task, and can still be replayed", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive(
    "write",
    Array.from({ length: 30 }, (_, i) => `${i} `),
  );
  await task.drive("complete");
  await task.untilFinished();
  const row = () => readRows(server.dir, "_tasks").find(({ id }) => id === task.id)!;
  while (row()["folded"] !== row()["told"]) await Bun.sleep(20);
  const logged = () => readRows(server.dir, "_changes").filter(({ after }) => String(after).includes(task.id));
  while (logged().length > 0) await Bun.sleep(20);
  using replay = await task.openStream();
  await replay.ended;
  expect(types(replay)).toEqual(["progress_update", "task_completed"]);
});

test("killed and started again, tasks at work are tried again or failed, and listeners go on where they were", async () => {
  await using first = await startServer({ args: ["--hooks", TASK_HOOKS] });
  const [once, patient] = [await DrivenTask.start(first.url), await DrivenTask.start(first.url, "patient")];
  const [place, waiting] = [await DrivenTask.start(first.url, "single"), await DrivenTask.queue(first.url, "single")];
  const clients = await Promise.all([once, patient].map((task) => task.openStream()));
  for (const task of [once, patient]) await task.drive("progress", { step: 1 });
  for (const client of clients) await client.until("task_event");
  await first.stop("SIGKILL");
  await Promise.all(clients.map(({ ended }) => ended));

  await using second = await startServer({ dir: first.dir, args: ["--hooks", TASK_HOOKS] });
  const back = await Promise.all(
    [once, patient].map((task, i) => task.at(second.url).openStream({ "Last-Event-ID": clients[i]!.lastEventId! })),
  );
  await patient.at(second.url).untilRunning(2);
  await patient.at(second.url).drive("complete", "at last");
  await Promise.all(back.map(({ ended }) => ended));
  expect(back.map(types)).toEqual([["task_failed"], ["task_retrying", "task_completed"]]);
  expect(told(back[0]!)).toMatchObject([{ code: "interrupted" }]);
  // What had not begun yet begins now.
  await waiting.at(second.url).untilRunning(1);
  expect((await place.at(second.url).state()).state).toBe("failed");
});

test("a server that stops tells its listeners, and what may be tried again does not lose an attempt", async () => {
  await using first = await startServer({ args: ["--hooks", TASK_HOOKS] });
  const [once, patient] = [await DrivenTask.start(first.url), await DrivenTask.start(first.url, "patient")];
  const clients = await Promise.all([once, patient].map((task) => task.openStream()));
  await patient.drive("progress", { step: 1 });
  await clients[1]!.until("task_event");
  await first.stop();
  await Promise.all(clients.map(({ ended }) => ended));
  expect(clients.map(({ events }) => events.at(-1)!.data["reason"])).toEqual(["task_failed", "server_shutdown"]);
  await using second = await startServer({ dir: first.dir, args: ["--hooks", TASK_HOOKS] });
  await patient.at(second.url).untilRunning(1);
  using late = await patient.at(second.url).openStream();
  using back = await patient.at(second.url).openStream({ "Last-Event-ID": clients[1]!.lastEventId! });
  await patient.at(second.url).drive("progress", { step: 2 });
  await patient.at(second.url).drive("complete", { step: 3 });
  await Promise.all([late.ended, back.ended]);
  expect(told(late)).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
  expect(told(back)).toEqual([{ step: 2 }, { step: 3 }]);
  expect(await once.at(second.url).state()).toMatchObject({ state: "failed", error: { code: "interrupted" } });
});
