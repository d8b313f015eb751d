import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { DrivenTask, payloadsOf, TASK_HOOKS, typesOf } from "./driven-task.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({ args: ["--hooks", TASK_HOOKS] });
});
afterAll(() => server[Symbol.asyncDispose]());

test("a client that reconnects with its last id gets the remaining events, each once", async () => {
  const task = await DrivenTask.start(server.url);
  using whole = await task.openStream();
  for (let i = 1; i <= 6; i += 1) await task.drive("progress", { step: i });
  await whole.until("task_event", 6);
  const ids = whole.events.flatMap(({ id }) => id ?? []);
  const back = await Promise.all(ids.map((id) => task.openStream({ "Last-Event-ID": id })));
  await task.drive("complete");
  await Promise.all([...back.map(({ ended }) => ended), whole.ended]);
  for (const [i, client] of back.entries()) expect(payloadsOf(client)).toEqual(payloadsOf(whole).slice(i + 1));
});

test("a late listener gets the history first, then live events", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive("progress", { step: 1 });
  await task.drive("write", ["a", "b", "c"]);
  using late = await task.openStream();
  await late.until("task_event", 2);
  await task.drive("progress", { step: 2 });
  await task.drive("complete", "end");
  await late.ended;
  expect(payloadsOf(late)).toEqual([{ step: 1 }, { delta: "abc" }, { step: 2 }, "end"]);
});

test("a finished task's stream replays and closes; a client that has seen all of it gets 204", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive("progress", { step: 1 });
  await task.drive("complete", { result: 1 });
  await task.untilFinished();
  using replay = await task.openStream();
  await replay.ended;
  expect(typesOf(replay)).toEqual(["progress_update", "task_completed"]);
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

test("an id that this log did not issue gets a resync and the whole history", async () => {
  const task = await DrivenTask.start(server.url);
  await task.drive("progress", { step: 1 });
  using first = await task.openStream();
  await first.until("task_event");
  const clients = await Promise.all(
    ["other.1", `a.${"A".repeat(22)}`].map((seen) => task.openStream({ "Last-Event-ID": seen })),
  );
  await task.drive("complete", 2);
  await Promise.all(clients.map(({ ended }) => ended));
  expect(clients.map(({ events }) => events[1])).toMatchObject([
    { event: "resync", data: { reason: "epoch" } },
    { event: "resync", data: { reason: "epoch" } },
  ]);
  for (const client of clients) expect(payloadsOf(client)).toEqual([{ step: 1 }, 2]);
});

test("a listener that stops reading blocks nobody, and gets a resync when the events it missed are gone", async () => {
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
    (payloadsOf(client) as { readonly delta?: string }[]).map(({ delta = "" }) => delta).join("");
  expect(textOf(fast)).toBe(pieces.join(""));
  slow.resume();
  await slow.ended;
  expect(slow.names).toContain("resync");
  const missed = slow.names.indexOf("resync");
  expect(slow.events[missed]!.data["reason"]).toBe("expired");
  expect(slow.names.at(-1)).toBe("connection_close");
  // The text before the gap is a prefix of the whole, the text after it a suffix.
  const parts = [slow.events.slice(0, missed), slow.events.slice(missed)].map((events) =>
    events.map(({ data }) => (data["data"] as { readonly delta?: string } | undefined)?.delta ?? "").join(""),
  );
  expect(pieces.join("").startsWith(parts[0]!)).toBe(true);
  expect(pieces.join("").endsWith(parts[1]!)).toBe(true);
});

test("task streams count as connections", async () => {
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
