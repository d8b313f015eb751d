import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { EventSource } from "eventsource";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { SseStream } from "@headwater/testing/clients/sse-stream.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(60_000);

const CLIENTS = 1_000;

/** The last `retry:` that each of many streams was told, and how many had ended at each moment at which one did. */
async function openStreams(url: string, count: number) {
  const retries = new Map<SseStream, number[]>();
  const moments: number[] = [];
  const over = Promise.withResolvers<void>();
  let ended = 0;
  const onBlock = (block: string, stream: SseStream): void => {
    const retry = /^retry:(\d+)$/m.exec(block)?.[1];
    if (retry !== undefined) retries.set(stream, [...(retries.get(stream) ?? []), Number(retry)]);
  };
  const onEnd = (): void => {
    ended += 1;
    moments.push(performance.now());
    if (ended === count) over.resolve();
  };
  await inParallel(count, 64, async () => void (await SseStream.open(`${url}/api/realtime`, { onBlock, onEnd })));
  return { retries, moments, over: over.promise };
}

test("a server that stops tells each client when to come back, each another time, and ends one stream after the other", async () => {
  await using server = await startServer();
  const { retries, moments, over } = await openStreams(server.url, CLIENTS);
  expect(await server.stop("SIGTERM")).toBe(0);
  await over;
  const advice = [...retries.values()];
  expect(advice.map((told) => told.length)).toEqual(Array(CLIENTS).fill(2));
  const last = advice.map((told) => told[1]!);
  expect(Math.min(...last)).toBeGreaterThanOrEqual(500);
  expect(Math.max(...last)).toBeLessThanOrEqual(2_500);
  // Of 2,001 values a thousand draws hit 790 on average.
  expect(new Set(last).size).toBeGreaterThan(600);
  // A second for a thousand: the ends come in many ticks, unless the machine stands still.
  const ticks = new Set(moments.map((at) => Math.round(at / 20)));
  expect(ticks.size).toBeGreaterThan(5);
});

test("with no time to drain all streams end at once, in order", async () => {
  await using server = await startServer({ args: ["--drain-seconds", "0"] });
  const { over } = await openStreams(server.url, 100);
  expect(await server.stop("SIGTERM")).toBe(0);
  await over;
});

test("a second signal ends the server at once, whatever it still waits for", async () => {
  await using server = await startServer();
  using unfinished = await RawConnection.open(server.url);
  unfinished.write("POST /api/realtime HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n");
  unfinished.write("content-type: application/json\r\n\r\n{");
  for (let i = 0; i < 5; i += 1) await request(server.url, "GET", "/api/health");
  const stopped = server.stop("SIGTERM");
  // Signals that follow at once are taken for one and the same, as a terminal sends it to several processes.
  const again = setInterval(() => process.kill(server.pid, "SIGTERM"), 50);
  expect(await stopped.finally(() => clearInterval(again))).toBe(1);
});

test("a browser's EventSource outlives a restart, and comes back by itself", async () => {
  using temp = tempDir();
  const dir = join(temp.path, "pb_data");
  const first = await startServer({ dir });
  const source = new EventSource(`${first.url}/api/realtime`);
  const connects: string[] = [];
  let onConnect = (): void => undefined;
  source.addEventListener("PB_CONNECT", ({ lastEventId }) => {
    connects.push(lastEventId);
    onConnect();
  });
  const connected = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onConnect = () => connects.length >= count && resolve();
      onConnect();
    });
  await connected(1);
  expect(await first.stop("SIGTERM")).toBe(0);
  await using second = await startServer({ dir, port: first.port });
  await connected(2);
  expect(new Set(connects).size).toBe(2);
  expect((await request(second.url, "GET", "/api/health")).status).toBe(200);
  source.close();
});

test(`${CLIENTS} clients that come back in one instant get all they missed, and others are served meanwhile`, async () => {
  using temp = tempDir();
  const dir = join(temp.path, "pb_data");
  const first = await startServer({ dir });
  const superuser = await SuperuserClient.signIn(first.url);
  await superuser.createCollection(PUBLIC_NOTES);
  const list = await request(first.url, "GET", "/api/collections/notes/records");
  const since = list.headers.get("headwater-cursor")!;
  for (let i = 0; i < 10; i += 1) await superuser.create("notes", { title: `missed ${i}` });
  await first.stop("SIGKILL");

  await using server = await startServer({ dir, port: first.port });
  const back = new Set<string>();
  const herd = Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      using client = await SseClient.connect(server.url);
      await client.subscribe(["notes/*"], undefined, since);
      await client.inbox.until((events) => events.length === 10);
      expect(client.events.map(({ data }) => JSON.parse(data).record.title)).toEqual(
        Array.from({ length: 10 }, (_, i) => `missed ${i}`),
      );
      back.add(client.id);
    }),
  );
  while (back.size < CLIENTS) expect((await request(server.url, "GET", "/api/health")).status).toBe(200);
  await herd;
});
