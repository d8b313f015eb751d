import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { tryStream, statusFrom } from "./connection-refusal.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { sdk } from "@headwater/testing/clients/sdk.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";

setDefaultTimeout(60_000);

const streams = (url: string, count: number): Promise<SseClient[]> =>
  Promise.all(Array.from({ length: count }, () => SseClient.connect(url)));

/** Waits until the server has noticed that a client left. */
async function untilAccepted(url: string): Promise<void> {
  while (await tryStream(url)) await Bun.sleep(5);
}

const refused = (code: string) => ({
  status: 503,
  body: { status: 503, message: "The server is at capacity. Try again later.", data: { connections: { code } } },
});

describe("connections", () => {
  test("beyond the server's limit get 503 with Retry-After, until one closes", async () => {
    await using server = await startServer({ args: ["--max-connections", "3"] });
    const clients = await streams(server.url, 3);
    const refusal = await tryStream(server.url);
    expect(refusal).toMatchObject(refused("limit_connections"));
    expect(refusal!.retryAfter).toBeWithin(5, 31);
    expect(await statusFrom("127.0.0.2", server.url)).toStartWith("HTTP/1.1 503 ");
    clients[0]!.close();
    await untilAccepted(server.url);
  });

  test("beyond the limit of an address get 503, and other addresses are accepted", async () => {
    await using server = await startServer({ args: ["--max-connections-per-ip", "2"] });
    const clients = await streams(server.url, 2);
    expect(await tryStream(server.url)).toMatchObject(refused("limit_connections_ip"));
    expect(await statusFrom("127.0.0.2", server.url)).toBe("HTTP/1.1 200 OK");
    clients[0]!.close();
    await untilAccepted(server.url);
  });

  test("beyond the limit of a user get 429 and stay a guest's, and other users are accepted", async () => {
    await using server = await startServer({ args: ["--max-connections-per-user", "2"] });
    const superuser = await SuperuserClient.signIn(server.url);
    const [ann, bob] = await Promise.all([superuser.createUser("ann"), superuser.createUser("bob")]);
    const [first, second, third] = (await streams(server.url, 3)) as [SseClient, SseClient, SseClient];
    for (const client of [first, second, first]) await client.subscribe(["users/*"], ann.token);
    const refusal = await third.submit(["users/*"], ann.token);
    expect(refusal).toMatchObject({
      status: 429,
      body: { status: 429, data: { connections: { code: "limit_connections_user" } } },
    });
    expect(Number(refusal.headers.get("retry-after"))).toBeWithin(5, 31);
    await third.subscribe(["users/*"]);
    await third.subscribe(["users/*"], bob.token);
    first.close();
    const fourth = await SseClient.connect(server.url);
    while ((await fourth.submit(["users/*"], ann.token)).status === 429) await Bun.sleep(5);
  });
});

test("sync streams count towards their user's limit, and a WebSocket that syncs counts once", async () => {
  await using server = await startServer({ args: ["--max-connections-per-user", "2"] });
  const superuser = await SuperuserClient.signIn(server.url);
  const ann = await superuser.createUser("ann");
  const headers = { authorization: ann.token };
  using socket = {
    client: await SocketClient.connect(server.url, { headers }),
    [Symbol.dispose]: () => socket.client.close(),
  };
  await socket.client.request({ type: "sync", on: true });
  const abort = new AbortController();
  const open = (): Promise<Response> =>
    fetch(`${server.url}/api/v1/replicache/stream`, { headers, signal: abort.signal });
  expect([(await open()).status, (await open()).status]).toEqual([200, 429]);
  abort.abort();
});

test("streams beyond the limit of concurrent setups get 503, and are accepted when they retry", async () => {
  await using server = await startServer({ args: ["--max-setups", "50"] });
  // The kernel accepts connections for a stopped process: when the server continues, all of them are waiting.
  process.kill(server.pid, "SIGSTOP");
  const herd = await Promise.all(Array.from({ length: 300 }, () => RawConnection.open(server.url)));
  for (const connection of herd) connection.send("GET", "/api/realtime", undefined);
  process.kill(server.pid, "SIGCONT");
  const responses = await Promise.all(herd.map((connection) => connection.response()));
  for (const connection of herd) connection.close();
  const refusals = responses.filter((response) => response?.status !== 200);
  expect(refusals.length).toBeWithin(1, 250);
  const waits = refusals.map((refusal) => {
    expect(refusal?.status).toBe(503);
    expect(JSON.parse(refusal!.body)).toMatchObject({ status: 503, data: { setup: { code: "limit_setups" } } });
    return Number(/^retry-after: (\d+)\r?$/im.exec(refusal!.head)?.[1]);
  });
  expect(waits.every((wait) => wait >= 1 && wait <= 5)).toBe(true);
  expect(new Set(waits).size).toBeGreaterThan(1);
  await inParallel(refusals.length, 32, () => untilAccepted(server.url));
});

test("requests beyond the rate of a connection get 429 with Retry-After, and other connections are served", async () => {
  await using server = await startServer({ args: ["--request-rate", "1"] });
  const [greedy, other] = (await streams(server.url, 2)) as [SseClient, SseClient];
  const replies = await Promise.all(Array.from({ length: 40 }, () => greedy.submit(["notes/*"])));
  const statuses = replies.map(({ status }) => status);
  // A second or two may pass, and each allows one more request.
  expect(statuses.filter((status) => status === 204).length).toBeWithin(20, 30);
  expect(new Set(statuses)).toEqual(new Set([204, 429]));
  const refusal = replies.find(({ status }) => status === 429)!;
  expect(refusal.body).toMatchObject({
    status: 429,
    message: "Too Many Requests.",
    data: { requests: { code: "limit_requests" } },
  });
  expect(Number(refusal.headers.get("retry-after"))).toBeWithin(1, 4);
  await other.subscribe(["notes/*"]);
});

describe("by default", () => {
  let server: ServerProcess;
  let superuser: SuperuserClient;
  beforeAll(async () => {
    server = await startServer();
    superuser = await SuperuserClient.signIn(server.url);
    await superuser.createCollection(PUBLIC_NOTES);
    await superuser.createCollection({
      ...PUBLIC_NOTES,
      name: "pages",
      fields: [{ name: "text", type: "json", maxSize: 5_000_000 }],
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("a connection may have 1000 subscriptions, but no more", async () => {
    const client = await SseClient.connect(server.url);
    const topics = Array.from({ length: 1001 }, (_, i) => `notes/${i}`);
    await client.subscribe(topics.slice(1));
    expect(await client.submit(topics)).toMatchObject({
      status: 400,
      body: { data: { subscriptions: { code: "validation_length_too_long" } } },
    });
  });

  test("a topic may have 2500 bytes, but no more", async () => {
    const client = await SseClient.connect(server.url);
    const topic = `notes/*?options=${"é".repeat(1242)}`;
    expect(Buffer.byteLength(topic)).toBe(2500);
    await client.subscribe([topic]);
    expect(await client.submit(["notes/*", `${topic}x`])).toMatchObject({
      status: 400,
      body: { data: { subscriptions: { 1: { code: "validation_length_too_long" } } } },
    });
  });

  test("a client id may have 255 bytes, and an unknown one gets 404", async () => {
    const submit = (clientId: string) => request(server.url, "POST", "/api/realtime", { body: { clientId } });
    expect((await submit("x".repeat(255))).status).toBe(404);
    expect(await submit("x".repeat(256))).toMatchObject({
      status: 400,
      body: { data: { clientId: { code: "validation_length_out_of_range" } } },
    });
  });

  test("the most and longest subscriptions fit into a request, and bodies over 4 MiB get 413", async () => {
    const client = await SseClient.connect(server.url);
    const longest = Array.from({ length: 1000 }, (_, i) => `notes/*?options=${i}`.padEnd(2500, "x"));
    await client.subscribe(longest);
    const body = (length: number): string => `{"clientId":"${client.id}"}`.padEnd(length);
    const post = (text: string) => request(server.url, "POST", "/api/realtime", { body: text });
    expect((await post(body(4 << 20))).status).toBe(204);
    expect((await post(body((4 << 20) + 1))).status).toBe(413);
  });

  test("an event larger than a connection's queue limit arrives whole", async () => {
    const client = await SseClient.connect(server.url);
    await client.subscribe(["pages/*"]);
    const text = "x".repeat(3_000_000);
    await superuser.create("pages", { text });
    await client.inbox.until((events) => events.length === 1);
    expect(JSON.parse(client.events[0]!.data).record.text).toBe(text);
  });

  test("a stalled connection is closed when its queue exceeds 256 KiB", async () => {
    const client = await SseClient.connect(server.url);
    await client.subscribe(["pages/*"]);
    client.pause();
    // The kernel buffers several megabytes for a peer that does not read.
    for (let i = 0; i < 20; i += 1) await superuser.create("pages", { text: `${i}${"x".repeat(1_000_000)}` });
    client.resume();
    await client.ended;
    expect(client.events.length).toBeLessThan(20);
  });

  test("PocketBase's SDK reaches no limit when it subscribes to 500 topics and unsubscribes one by one", async () => {
    const pb = sdk(server.url);
    const topics = Array.from({ length: 500 }, (_, i) => `record${i}`);
    for (const topic of topics) await pb.collection("notes").subscribe(topic, () => undefined);
    for (const topic of topics) await pb.collection("notes").unsubscribe(topic);
    expect(pb.realtime.isConnected).toBe(false);
  });
});
