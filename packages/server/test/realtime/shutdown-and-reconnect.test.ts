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

/** Opens many streams, and records the `retry:` values of each and when each ends. */
async function openStreams(url: string, count: number) {
  const retries = new Map<SseStream, number[]>();
  const endTimes: number[] = [];
  const allEnded = Promise.withResolvers<void>();
  let ended = 0;
  const onBlock = (block: string, stream: SseStream): void => {
    const retry = /^retry:(\d+)$/m.exec(block)?.[1];
    if (retry !== undefined) retries.set(stream, [...(retries.get(stream) ?? []), Number(retry)]);
  };
  const onEnd = (): void => {
    ended += 1;
    endTimes.push(performance.now());
    if (ended === count) allEnded.resolve();
  };
  await inParallel(count, 64, async () => void (await SseStream.open(`${url}/api/realtime`, { onBlock, onEnd })));
  return { retries, endTimes, allEnded: allEnded.promise };
}

test("a server that stops sends clients different retry times and closes their streams one after another", async () => {
  await using server = await startServer();
  const { retries, endTimes, allEnded } = await openStreams(server.url, CLIENTS);
  expect(await server.stop("SIGTERM")).toBe(0);
  await allEnded;
  const retryLists = [...retries.values()];
  expect(retryLists.map((list) => list.length)).toEqual(Array(CLIENTS).fill(2));
  const last = retryLists.map((list) => list[1]!);
  expect(Math.min(...last)).toBeGreaterThanOrEqual(500);
  expect(Math.max(...last)).toBeLessThanOrEqual(2_500);
  // A thousand draws from 2,001 values give 790 distinct ones on average.
  expect(new Set(last).size).toBeGreaterThan(600);
  // The thousand streams close over one second, so in many ticks.
  const ticks = new Set(endTimes.map((at) => Math.round(at / 20)));
  expect(ticks.size).toBeGreaterThan(5);
});

test("without drain time, all streams end at once, cleanly", async () => {
  await using server = await startServer({ args: ["--drain-seconds", "0"] });
  const { allEnded } = await openStreams(server.url, 100);
  expect(await server.stop("SIGTERM")).toBe(0);
  await allEnded;
});

test("a second signal stops the server at once, even with unfinished requests", async () => {
  await using server = await startServer();
  using unfinished = await RawConnection.open(server.url);
  unfinished.write("POST /api/realtime HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n");
  unfinished.write("content-type: application/json\r\n\r\n{");
  for (let i = 0; i < 5; i += 1) await request(server.url, "GET", "/api/health");
  const stopped = server.stop("SIGTERM");
  // Signals in quick succession count as one, because a terminal signals several processes.
  const again = setInterval(() => process.kill(server.pid, "SIGTERM"), 50);
  expect(await stopped.finally(() => clearInterval(again))).toBe(1);
});

test("an EventSource reconnects by itself after a restart", async () => {
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

test(`${CLIENTS} clients that reconnect at once get everything they missed, and other requests are served meanwhile`, async () => {
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
