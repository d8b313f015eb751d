import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";

setDefaultTimeout(120_000);

let server: ServerProcess;
let superuser: SuperuserClient;

beforeAll(async () => {
  server = await startServer();
  superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await superuser.createCollection({ ...PUBLIC_NOTES, name: "pages", fields: [{ name: "text", type: "json" }] });
});

afterAll(() => server[Symbol.asyncDispose]());

const NOTES = "/api/collections/notes/records";
const POST = `POST ${NOTES} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;

const isHealthy = async (): Promise<boolean> => (await request(server.url, "GET", "/api/health")).status === 200;

test.each([
  ["bytes that are not HTTP", "\u0000\u0001 what is this\r\n\r\n"],
  ["a version that does not exist", "GET /api/health HTTP/9.9\r\nhost: localhost\r\n\r\n"],
  ["a negative length", `${POST}content-length: -5\r\n\r\n`],
  ["two lengths", `${POST}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
  ["a chunk without a size", `${POST}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n`],
  ["two megabytes of headers", `GET /api/health HTTP/1.1\r\nhost: localhost\r\nx-y: ${"a".repeat(2_000_000)}\r\n\r\n`],
])("%s are refused", async (_, bytes) => {
  using connection = await RawConnection.open(server.url);
  connection.write(bytes);
  const response = await connection.response();
  expect(response?.status ?? 400).toBeWithin(400, 600);
  expect(await isHealthy()).toBe(true);
});

test("a body whose declared length is too large is refused before it is sent", async () => {
  using connection = await RawConnection.open(server.url);
  connection.write(`${POST}content-length: 104857600\r\n\r\n{`);
  const response = await connection.response();
  expect(response?.status).toBe(413);
  expect(JSON.parse(response!.body)).toEqual({ data: {}, message: "Request entity too large.", status: 413 });
});

test("a body that turns out to be too large is refused", async () => {
  const megabyte = new Uint8Array(1 << 20).fill(97);
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode('{"title":"');
    for (let sent = 0; sent < 40; sent += 1) yield megabyte;
  }
  // The response may come while the body is still being sent, and the connection may close with it.
  const response = await fetch(server.url + NOTES, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: endless(),
  }).catch(() => undefined);
  expect(response?.status ?? 413).toBe(413);
  expect(await isHealthy()).toBe(true);
});

test("unfinished requests block nobody and leave nothing behind", async () => {
  const filesBefore = readStats(server.pid).openFiles;
  const starts = [
    "G",
    "GET /api/health HT",
    "GET /api/health HTTP/1.1\r\nhost: ",
    POST,
    `${POST}content-length: 100\r\n\r\n{"ti`,
  ];
  const connections = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const connection = await RawConnection.open(server.url);
      connection.write(starts[index % starts.length]!);
      return connection;
    }),
  );
  for (let turn = 0; turn < 20; turn += 1) {
    for (const connection of connections) connection.write("a");
    expect(await isHealthy()).toBe(true);
  }
  for (const connection of connections) connection.close();
  while (readStats(server.pid).openFiles > filesBefore + 1) await isHealthy();
});

test("a subscriber that stops reading is closed, and the others get everything", async () => {
  const pages = 120;
  const [stalled, reading] = await Promise.all([SseClient.connect(server.url), SseClient.connect(server.url)]);
  for (const client of [stalled, reading]) await client.subscribe(["pages/*"]);
  stalled.pause();
  for (let page = 0; page < pages; page += 1) {
    await superuser.create("pages", { text: { page, text: "x".repeat(100_000) } });
  }
  await reading.inbox.until((events) => events.length === pages);
  stalled.resume();
  await stalled.ended;
  const numbers = stalled.events.map(({ data }) => JSON.parse(data).record.text.page);
  expect(numbers.length).toBeLessThan(pages);
  expect(numbers).toEqual(Array.from(numbers, (_, index) => index));
  reading.close();
});
