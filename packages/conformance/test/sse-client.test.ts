import { afterAll, expect, test } from "bun:test";
import type { ScriptedResponse } from "../src/clients/scripted-response.ts";
import { ScriptedServer } from "../src/clients/scripted-server.ts";
import { type JsonEvent, SseClient, type SseClientOptions } from "../src/index.ts";
import { collect } from "../src/stream/collect.ts";

const server = await ScriptedServer.start();
afterAll(() => server.stop());

const client = (reply: ScriptedResponse, options: SseClientOptions = {}): SseClient =>
  new SseClient(server.addEndpoint([reply]).url, options);

const read = (...chunks: readonly string[]): Promise<JsonEvent[]> => collect(client({ chunks }));

async function readLeniently(...chunks: readonly string[]): Promise<{ events: unknown[]; warnings: string[] }> {
  const warnings: string[] = [];
  const options = { strict: false, onWarning: (warning: string) => void warnings.push(warning) };
  const events = await collect(client({ chunks }, options));
  return { events: events.map(({ event, data }) => ({ event, data })), warnings };
}

const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing went wrong",
    (error: unknown) => String(error),
  );

test("Given valid SSE stream, When connect() called, Then parse events correctly and yield dicts with event/data", async () => {
  const events = await read('event: a\ndata: {"n": 1}\n\n', 'id: 7\nevent: b\ndata: "x"\n\n');
  expect(events.map(({ event, data, id }) => ({ event, data, id }))).toEqual([
    { event: "a", data: { n: 1 }, id: undefined },
    { event: "b", data: "x", id: "7" },
  ]);
});

test("Given multi-line data field, When parsing, Then concatenate data lines with newlines", async () => {
  const [event] = await read('data: {"a":\ndata: [1,\ndata: 2]}\n\n');
  expect(event!.data).toEqual({ a: [1, 2] });
  expect((await readLeniently("data: a\ndata: b\n\n")).events).toEqual([{ event: "message", data: "a\nb" }]);
});

test("Given connection closes, When iterating, Then yield all events up to close and terminate gracefully", async () => {
  expect(await read("data: 1\n\n", "data: 2\n\n")).toHaveLength(2);
  expect(await read()).toEqual([]);
});

test("Given timeout exceeded, When no events received, Then raise timeout exception", async () => {
  const silent = client({ chunks: ["data: 1\n\n"], staysOpen: true }, { timeoutMs: 100 });
  expect(await reasonOf(collect(silent))).toBe("Timeout: another event did not arrive within 100 ms");
});

test("Given malformed event (missing data), When strict=True, Then raise ValueError; When strict=False (lenient), Then log warning and skip event", async () => {
  const malformed = ["data: 1\n\n", "event: empty\n\n", "data: 2\n\n"];
  expect(await reasonOf(read(...malformed))).toBe("Failure: malformed stream, missing-data: event: empty");
  const { events, warnings } = await readLeniently(...malformed);
  expect(events).toEqual([1, 2].map((data) => ({ event: "message", data })));
  expect(warnings).toEqual(["malformed stream, missing-data: event: empty"]);
});

test("Given JSON parse error in data field, When strict=True, Then raise ValueError; When strict=False, Then yield raw string and log warning", async () => {
  expect(await reasonOf(read("event: a\ndata: {'n': 1}\n\n"))).toBe("Failure: the data of a is not JSON: {'n': 1}");
  expect(await readLeniently("event: a\ndata: {'n': 1}\n\n")).toEqual({
    events: [{ event: "a", data: "{'n': 1}" }],
    warnings: ["the data of a is not JSON: {'n': 1}"],
  });
});

test("Given event with correlation_id, When parsed, Then preserve correlation_id in data dict", async () => {
  const [event] = await read('event: a\ndata: {"correlation_id": "c"}\n\n');
  expect(event!.data).toEqual({ correlation_id: "c" });
});

test("events before a malformed part are still yielded", async () => {
  const received: unknown[] = [];
  const reading = (async (): Promise<void> => {
    for await (const { data } of client({ chunks: ["data: 1\n\nretry: soon\n\ndata: 2\n\n"] }).connect())
      received.push(data);
  })();
  expect(await reasonOf(reading)).toBe("Failure: malformed stream, invalid-retry: retry: soon");
  expect(received).toEqual([1]);
});

test("a response that is not an event stream is an error with its status and type", async () => {
  const html = { status: 404, headers: { "content-type": "text/html" } };
  expect(await reasonOf(collect(client(html)))).toBe("Failure: not an event stream: 404 text/html");
});

test("leaving the loop closes the connection", async () => {
  const { url, requests } = server.addEndpoint([{ chunks: ["data: 1\n\n"], staysOpen: true }]);
  for await (const event of new SseClient(url).connect()) {
    expect(event.data).toBe(1);
    break;
  }
  await requests.items[0]!.closed;
});
