import { expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats, settledMemory } from "@headwater/testing/servers/process-stats.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { UPGRADE } from "@headwater/testing/clients/raw-socket.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { closePayload, encodeFrame, OP } from "@headwater/testing/clients/socket-frames.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";

setDefaultTimeout(120_000);

const CYCLES = Number(process.env["HEADWATER_CONNECT_CYCLES"] ?? 10_000);
/** Clients at a time. The test's HTTP client keeps up to as many connections open. */
const CONCURRENCY = 50;
/** Less than 2.5 KB for each of 10,000 clients; a leaked client takes more. */
const GROWTH_LIMIT = 24 * 1024 * 1024;
const SETTLE_TIMEOUT_MS = 60_000;

test.each([
  ["event streams", openAndCloseStreams],
  ["WebSockets", openAndCloseSockets],
])(`${CYCLES} %s that open and close leak neither memory nor files`, async (_, openAndClose) => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await openAndClose(superuser, CYCLES / 5);
  const before = { openFiles: readStats(server.pid).openFiles, anonymousBytes: await settledMemory(server.pid) };
  await openAndClose(superuser, CYCLES);

  // Garbage is collected only under load and when there is time, so repeat the load and wait. A leak would only grow.
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  const grown = (): number => readStats(server.pid).anonymousBytes - before.anonymousBytes;
  while (grown() > GROWTH_LIMIT && performance.now() < deadline) {
    await openAndClose(superuser, CYCLES / 2);
    await settledMemory(server.pid, 1500);
  }
  expect(grown()).toBeLessThanOrEqual(GROWTH_LIMIT);

  while (readStats(server.pid).openFiles > before.openFiles + CONCURRENCY) await Bun.sleep(50);
  expect(await server.stop()).toBe(0);
});

/** Some close before the first byte, some after `PB_CONNECT`, some with a subscription, while notes are written. */
async function openAndCloseStreams(superuser: SuperuserClient, count: number): Promise<void> {
  await inParallel(count, CONCURRENCY, async (index) => {
    if (index % 100 === 0) await superuser.create("notes", { title: `note ${index}` });
    if (index % 3 === 0) {
      using connection = await RawConnection.open(superuser.url);
      connection.write("GET /api/realtime HTTP/1.1\r\nhost: localhost\r\n\r\n");
      return;
    }
    using client = await SseClient.connect(superuser.url);
    if (index % 3 === 1) await client.subscribe(["notes/*"]);
  });
}

/** Some close before the first byte, some at once, some with a subscription, with or without a close frame. */
async function openAndCloseSockets(superuser: SuperuserClient, count: number): Promise<void> {
  await inParallel(count, CONCURRENCY, async (index) => {
    if (index % 100 === 0) await superuser.create("notes", { title: `note ${index}` });
    if (index % 4 === 0) {
      using connection = await RawConnection.open(superuser.url);
      const fields = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`);
      connection.write(`GET /realtime/subscribe HTTP/1.1\r\nhost: localhost\r\n${fields.join("")}\r\n`);
      return;
    }
    using client = await SocketClient.connect(superuser.url);
    if (index % 4 === 1) return;
    await client.subscribe("notes.*");
    if (index % 4 === 2) return;
    client.raw.send(encodeFrame(OP.close, closePayload(1000)));
    await client.closed;
  });
}
