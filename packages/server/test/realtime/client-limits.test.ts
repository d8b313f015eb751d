import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { request } from "@headwater/testing/clients/request.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(60_000);

const PROXY = ["--trusted-proxy-header", "X-Forwarded-For"];
const from = (address: string): Record<string, string> => ({ "x-forwarded-for": `6.6.6.6, ${address}` });

const submit = ({ url }: ServerProcess, clientId: string, address: string) =>
  request(url, "POST", "/api/realtime", { headers: from(address), body: { clientId, subscriptions: ["notes/*"] } });

describe("behind a trusted proxy", () => {
  test("a stream takes subscriptions from its client's address alone", async () => {
    await using server = await startServer({ args: PROXY });
    using client = await SseClient.connect(server.url, from("1.2.3.4"));
    expect(await submit(server, client.id, "1.2.3.5")).toMatchObject({
      status: 400,
      body: { data: {}, message: "Invalid realtime client.", status: 400 },
    });
    expect((await client.submit(["notes/*"])).status).toBe(400);
    expect((await submit(server, client.id, "1.2.3.4")).status).toBe(204);
  });

  test("each client has a limit of its own", async () => {
    await using server = await startServer({ args: [...PROXY, "--max-connections-per-ip", "1"] });
    using _ = await SseClient.connect(server.url, from("1.2.3.4"));
    expect(SocketClient.connect(server.url, { headers: from("1.2.3.4") })).rejects.toThrow("503");
    (await SocketClient.connect(server.url, { headers: from("1.2.3.5") })).close();
  });
});

test("without a trusted proxy, its header says nothing", async () => {
  await using server = await startServer();
  using client = await SseClient.connect(server.url, from("1.2.3.4"));
  expect((await submit(server, client.id, "1.2.3.5")).status).toBe(204);
});

/** Subscriptions of about 1,000 bytes each. */
const long = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `notes/*?options=${"x".repeat(980)}${1_000 + i}`);

describe("bytes of subscriptions", () => {
  test("beyond the limit of an address get 429, and clients of other addresses are accepted", async () => {
    await using server = await startServer({
      args: [...PROXY, "--max-subscription-bytes-per-client", "20000", "--max-connections-per-ip", "0"],
    });
    const connect = (address: string) => SseClient.connect(server.url, from(address));
    const post = (client: SseClient, address: string, subscriptions: string[]) =>
      request(server.url, "POST", "/api/realtime", {
        headers: from(address),
        body: { clientId: client.id, subscriptions },
      });
    using first = await connect("1.2.3.4");
    using second = await connect("1.2.3.4");
    using other = await connect("1.2.3.5");
    expect((await post(first, "1.2.3.4", long(20))).status).toBe(204);
    const refusal = await post(second, "1.2.3.4", long(10));
    expect(refusal).toMatchObject({
      status: 429,
      body: { data: { subscriptions: { code: "limit_subscription_bytes" } } },
    });
    expect(refusal.headers.get("retry-after")).not.toBeNull();
    // Each connection has some room of its own, and other addresses have theirs.
    expect((await post(second, "1.2.3.4", long(4))).status).toBe(204);
    expect((await post(other, "1.2.3.5", long(20))).status).toBe(204);
    first.close();
    while ((await post(second, "1.2.3.4", long(10))).status === 429) await Bun.sleep(5);
    expect(await metricsOf(server)).toContain('headwater_refusals_total{limit="limit_subscription_bytes"}');
  });

  test("beyond the limit of an account get 429 on any transport, and of all together 503", async () => {
    await using server = await startServer({
      args: ["--max-subscription-bytes-per-client", "20000", "--max-subscription-bytes", "30000"],
    });
    const superuser = await SuperuserClient.signIn(server.url);
    const [ann, bob] = await Promise.all([superuser.createUser("ann"), superuser.createUser("bob")]);
    using stream = await SseClient.connect(server.url);
    await stream.subscribe(long(20), ann.token);
    using socket = await SocketClient.connect(server.url, { headers: { authorization: ann.token } });
    const ask = (pattern: string) =>
      socket.request({ type: "subscribe", pattern, filter: `title = '${pattern.padEnd(2_000)}'` });
    const replies = [];
    for (const pattern of ["a.*", "b.*", "c.*", "d.*", "e.*"]) replies.push(await ask(pattern));
    expect(replies.map(({ type }) => type)).toContain("subscribed");
    expect(replies.at(-1)).toMatchObject({ code: "limit_subscription_bytes", pattern: "e.*", retry: true });
    using other = await SseClient.connect(server.url);
    expect((await other.submit(long(20), bob.token)).status).toBe(503);
    // What each connection has in any case is left to it.
    await other.subscribe(["notes/*"], bob.token);
  });
});

describe("presence subscriptions", () => {
  const rooms = (count: number): string[] => Array.from({ length: count }, (_, i) => `@room${i}`);

  test("of a connection are limited", async () => {
    await using server = await startServer({ args: ["--max-presence-rooms", "3"] });
    using stream = await SseClient.connect(server.url);
    await stream.subscribe(rooms(3));
    expect(await stream.submit(rooms(4))).toMatchObject({
      status: 400,
      body: { data: { subscriptions: { code: "limit_presence_rooms" } } },
    });
    using socket = await SocketClient.connect(server.url);
    socket.send({ type: "subscribe", pattern: ["@a.*", "@b.*", "@c.*", "@d.*"] });
    await socket.inbox.until(() => socket.all("error").length === 1);
    expect(socket.all("error")).toMatchObject([{ code: "limit_presence_rooms", pattern: "@d.*", retry: false }]);
    // Leaving one makes room for another.
    await socket.request({ type: "unsubscribe", pattern: "@a.*" });
    await socket.subscribe("@d.*");
  });

  test("of all connections are limited, and each connection still has two", async () => {
    await using server = await startServer({ args: ["--max-presence", "10"] });
    const clients = await Promise.all(Array.from({ length: 3 }, () => SseClient.connect(server.url)));
    const [first, second, third] = clients as [SseClient, SseClient, SseClient];
    await first.subscribe(rooms(12));
    expect(await second.submit(rooms(3))).toMatchObject({
      status: 503,
      body: { data: { subscriptions: { code: "limit_presence" } } },
    });
    await third.subscribe(rooms(2));
    first.close();
    while ((await second.submit(rooms(3))).status === 503) await Bun.sleep(5);
    for (const client of clients) client.close();
  });
});

async function metricsOf({ url }: ServerProcess): Promise<string> {
  const superuser = await SuperuserClient.signIn(url);
  return (await superuser.request("GET", "/api/metrics")).text;
}
