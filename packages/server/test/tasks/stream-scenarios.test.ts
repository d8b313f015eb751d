import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { DrivenTask, TASK_HOOKS } from "./driven-task.ts";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";

setDefaultTimeout(60_000);

const INTERVAL_S = 0.3;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

let server: ServerProcess;
beforeAll(async () => {
  const args = ["--hooks", TASK_HOOKS, "--heartbeat-seconds", String(INTERVAL_S), "--git-commit", "abc123"];
  server = await startServer({ args });
});
afterAll(() => server[Symbol.asyncDispose]());

const taskEvents = ({ events }: JsonEventClient) => events.filter(({ event }) => event === "task_event");

describe("task stream", () => {
  test("Given task exists and running, When SSE client connects, Then receive connection_open event immediately", async () => {
    const task = await DrivenTask.start(server.url);
    using client = await task.openStream({ "X-Correlation-ID": "c-1" });
    await client.until("connection_open");
    expect(client.head).toContain("HTTP/1.1 200 ");
    expect(client.head).toMatch(/^content-type: text\/event-stream\r?$/im);
    expect(client.events[0]!.block).toBe(
      'event: connection_open\ndata: {"status": "connected", "correlation_id": "c-1"}',
    );
    await task.drive("complete");
  });

  test('Given task sends progress, When receiving stream, Then receive task_event with event_type="progress_update" (wrapped format with nested data)', async () => {
    const task = await DrivenTask.start(server.url);
    using client = await task.openStream({ "X-Correlation-ID": "c-2" });
    await client.until("connection_open");
    await task.drive("progress", { text: "Processing...", progress: 0.5 });
    const { block, data, id } = await client.until("task_event");
    expect(data["timestamp"]).toMatch(ISO);
    expect(block).toBe(
      `id: ${id}\nevent: task_event\ndata: {"event_type": "progress_update", "task_id": "${task.id}", ` +
        `"timestamp": "${String(data["timestamp"])}", "data": {"text": "Processing...", "progress": 0.5}, ` +
        `"correlation_id": "c-2"}`,
    );
    await task.drive("complete");
  });

  test('Given task completes successfully, When stream ends, Then receive task_event with event_type="task_completed", then connection_close event', async () => {
    const task = await DrivenTask.start(server.url);
    using client = await task.openStream();
    await task.drive("progress", { text: "half", progress: 0.5 });
    await task.drive("complete", { found: 3 });
    await client.ended;
    expect(client.names.filter((name) => name !== "heartbeat")).toEqual([
      "connection_open",
      "task_event",
      "task_event",
      "connection_close",
    ]);
    const [, completed] = taskEvents(client);
    expect(completed!.data).toMatchObject({ event_type: "task_completed", task_id: task.id, data: { found: 3 } });
    expect(client.events.at(-1)!.data["reason"]).toBe("task_completed");
    expect(await task.untilFinished()).toMatchObject({ state: "completed", output: { found: 3 }, error: null });
  });

  test('Given task fails with exception, When stream ends, Then receive task_event with event_type="task_failed" with error details', async () => {
    const task = await DrivenTask.start(server.url);
    using client = await task.openStream();
    await task.drive("fail");
    await client.ended;
    expect(taskEvents(client).at(-1)!.data).toMatchObject({
      event_type: "task_failed",
      data: { error: "It broke.", code: "error" },
    });
    expect(client.events.at(-1)).toMatchObject({ event: "connection_close", data: { reason: "task_failed" } });
  });

  test("Given task does not exist, When SSE client connects, Then receive connection_open, error event, connection_close (not HTTP 404)", async () => {
    using client = await JsonEventClient.open(`${server.url}/api/tasks/nosuchtask/stream`, {
      "X-Correlation-ID": "c-3",
    });
    await client.ended;
    expect(client.head).toContain("HTTP/1.1 200 ");
    expect(client.events.map(({ block }) => block)).toEqual([
      'event: connection_open\ndata: {"status": "connected", "correlation_id": "c-3"}',
      'event: error\ndata: {"error": "Task not found", "correlation_id": "c-3"}',
      'event: connection_close\ndata: {"reason": "task_not_found", "correlation_id": "c-3"}',
    ]);
  });

  test("Given task idle (no events), When waiting, Then receive heartbeat events every ~5s", async () => {
    const task = await DrivenTask.start(server.url);
    using client = await task.openStream();
    const second = await client.until("heartbeat", 2);
    expect(second.data["timestamp"]).toMatch(ISO);
    expect(second.block.split("\n")[0]).toBe("event: heartbeat");
    expect(second.at - client.events[0]!.at).toBeGreaterThan(INTERVAL_S * 1_000);
    await task.drive("complete");
  });

  test("Given multiple clients connect to same task, When task sends events, Then all clients receive same events (existing behavior)", async () => {
    const task = await DrivenTask.start(server.url);
    const clients = await Promise.all(Array.from({ length: 20 }, () => task.openStream()));
    for (let step = 1; step <= 10; step += 1)
      await task.drive("progress", { text: `step ${step}`, progress: step / 10 });
    await task.drive("complete");
    await Promise.all(clients.map(({ ended }) => ended));
    const received = clients.map((client) =>
      taskEvents(client).map(({ id, data }) => ({ id, data: { ...data, correlation_id: "" } })),
    );
    expect(received[0]).toHaveLength(11);
    for (const other of received) expect(other).toEqual(received[0]!);
  });

  test("Given event data contains correlation_id, When parsed, Then validate or strip correlation_id field (injected by format_sse_event)", async () => {
    const task = await DrivenTask.start(server.url);
    const correlation = { "X-Correlation-ID": "order-66" };
    const clients = await Promise.all([
      task.openStream(correlation),
      task.openStream({ "X-Request-Id": "r-1" }),
      task.openStream(),
    ]);
    await Promise.all(clients.map((client) => client.until("heartbeat")));
    await task.drive("complete");
    await Promise.all(clients.map(({ ended }) => ended));
    const [fromCorrelationId, fromRequestId, generated] = clients.map(
      ({ events }) => new Set(events.map(({ data }) => data["correlation_id"])),
    );
    expect(fromCorrelationId).toEqual(new Set(["order-66"]));
    expect(fromRequestId).toEqual(new Set(["r-1"]));
    expect(generated!.size).toBe(1);
    expect(typeof [...generated!][0]).toBe("string");
  });
});

describe("version stream", () => {
  const listen = () => JsonEventClient.open(`${server.url}/api/utils/version/stream`);

  test("Given version stream endpoint, When SSE client connects, Then receive connection_open then version event (not version_info) immediately", async () => {
    using client = await listen();
    await client.until("version");
    expect(client.names.slice(0, 2)).toEqual(["connection_open", "version"]);
  });

  test("Given version event, When parsed, Then data contains version, environment, git_commit fields and correlation_id", async () => {
    using client = await listen();
    const { data } = await client.until("version");
    expect(data).toMatchObject({
      version: expect.any(String),
      environment: "production",
      git_commit: "abc123",
      correlation_id: client.events[0]!.data["correlation_id"],
    });
  });

  test("Given connection stays open, When waiting, Then receive periodic heartbeat events (not comments) with timestamp", async () => {
    using client = await listen();
    await client.until("heartbeat", 3);
    for (const { data } of client.events.slice(2)) expect(data["timestamp"]).toMatch(ISO);
  });

  test("Given version data contains datetimes, When serialized, Then converted to ISO strings (JSON-serializable, already handled by implementation)", async () => {
    using client = await listen();
    expect((await client.until("version")).data["started_at"]).toMatch(ISO);
  });

  test("Given connection idle, When timeout not reached, Then connection remains open (no premature close)", async () => {
    using client = await listen();
    await client.until("heartbeat", 5);
    expect(client.names).not.toContain("connection_close");
  });

  test("Given heartbeat timing, When measuring intervals, Then validate heartbeat occurs within 2x configured SSE_HEARTBEAT_INTERVAL (generous window, not exact timing)", async () => {
    using client = await listen();
    await client.until("heartbeat", 6);
    const times = client.events.slice(1).map(({ at }) => at);
    const gaps = times.slice(1).map((at, i) => at - times[i]!);
    // The shortest of several gaps: a loaded machine may delay any one of them.
    expect(Math.min(...gaps)).toBeLessThan(2 * INTERVAL_S * 1_000);
    expect(Math.max(...gaps)).toBeGreaterThan(INTERVAL_S * 900);
  });
});

test("after a deploy, clients that reconnect get the new version; the old stream ended with server_shutdown", async () => {
  const env = ["--environment", "development"];
  await using before = await startServer({ args: [...env, "--release", "1.0.0", "--git-commit", "aaa"] });
  const listenTo = (url: string) => JsonEventClient.open(`${url}/api/utils/version/stream`);
  using first = await listenTo(before.url);
  await first.until("version");
  await before.stop();
  await first.ended;
  expect(first.events.at(-1)).toMatchObject({ event: "connection_close", data: { reason: "server_shutdown" } });
  await using after = await startServer({
    dir: before.dir,
    args: [...env, "--release", "1.1.0", "--git-commit", "bbb"],
  });
  using second = await listenTo(after.url);
  const versions = await Promise.all([first, second].map((client) => client.until("version")));
  expect(versions.map(({ data }) => data)).toMatchObject([
    { version: "1.0.0", git_commit: "aaa", environment: "development" },
    { version: "1.1.0", git_commit: "bbb", environment: "development" },
  ]);
});
