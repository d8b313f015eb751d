import { expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";

setDefaultTimeout(120_000);

const STALLED = Number(process.env["HEADWATER_STALLED_READERS"] ?? 1_000);
/** The queue limit of one connection. Queues share frames, so all together use far less than the sum. */
const QUEUE_BYTES = 256 << 10;
const PAGE_BYTES = 100_000;
/** More than any kernel buffers for one connection. */
const MOST_PAGES = 500;

const pageNumbers = ({ events }: SseClient): number[] =>
  events.map(({ data }) => (JSON.parse(data) as { record: { text: { page: number } } }).record.text.page);

test(`${STALLED} stalled readers are closed, use bounded memory, delay nobody, and miss nothing after they reconnect`, async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection({ ...PUBLIC_NOTES, name: "pages", fields: [{ name: "text", type: "json" }] });
  const list = await request(server.url, "GET", "/api/collections/pages/records");
  const start = list.headers.get("headwater-cursor")!;
  const listen = async (since?: string): Promise<SseClient> => {
    const client = await SseClient.connect(server.url);
    await client.subscribe(["pages/*"], undefined, since);
    return client;
  };
  const stalled: SseClient[] = [];
  const closed: SseClient[] = [];
  await inParallel(STALLED, 32, async () => {
    const client = await listen();
    client.pause();
    void client.ended.then(() => closed.push(client));
    stalled.push(client);
  });
  const reading = await Promise.all(Array.from({ length: 3 }, () => listen()));
  const before = readStats(server.pid).anonymousBytes;

  // The kernel buffers megabytes for a peer that does not read. After that, data queues up in the server.
  let peak = before;
  let pages = 0;
  while (closed.length < STALLED) {
    expect(pages).toBeLessThan(MOST_PAGES);
    await superuser.create("pages", { text: { page: pages, text: "x".repeat(PAGE_BYTES) } });
    pages += 1;
    await reading[0]!.inbox.until((events) => events.length === pages);
    peak = Math.max(peak, readStats(server.pid).anonymousBytes);
  }
  expect(peak - before).toBeLessThan(STALLED * QUEUE_BYTES);

  const all = Array.from({ length: pages }, (_, page) => page);
  for (const client of reading) {
    await client.inbox.until((events) => events.length === pages);
    expect(pageNumbers(client)).toEqual(all);
  }
  // The stalled readers are alike, so check a sample.
  const step = Math.ceil(STALLED / 50);
  await inParallel(Math.floor(STALLED / step), 8, async (i) => {
    const client = stalled[i * step]!;
    const seen = pageNumbers(client);
    using back = await listen(client.events.at(-1)?.id ?? start);
    await back.inbox.until((events) => seen.length + events.length >= pages);
    expect([...seen, ...pageNumbers(back)]).toEqual(all);
  });
});
