import { describe, expect, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { encodeFrame, OP } from "@headwater/testing/clients/socket-frames.ts";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

const patterns = (count: number): string[] => Array.from({ length: count }, (_, i) => `notes.${i}`);

describe("Subscription Limits", () => {
  test("Subscription limit enforcement", async () => {
    const client = await server.connect();
    client.send({ type: "subscribe", pattern: patterns(100) });
    await client.inbox.until(() => client.all("subscribed").length === 100);
    expect(await client.refusal("notes.*")).toMatchObject({ code: "limit_subscriptions", retry: false });
    // Replacing an existing subscription does not count.
    await client.subscribe("notes.7", { fields: "id" });
    await client.request({ type: "unsubscribe", pattern: "notes.8" });
    await client.subscribe("notes.*");
  });

  test("Rate limiting", async () => {
    const [greedy, other] = [await server.connect(), await server.connect()];
    for (let i = 0; i < 30; i += 1) greedy.send({ type: "subscribe", pattern: "notes.*", id: i });
    await greedy.inbox.until(() => greedy.all("subscribed").length + greedy.all("error").length === 30);
    // Each tenth of a second that passes allows one more request.
    expect(greedy.all("subscribed").length).toBeWithin(10, 20);
    const refusals = greedy.all("error");
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(["limit_requests"]));
    // Each names what it is about, as all errors do.
    expect(refusals.every(({ pattern, id }) => pattern === "notes.*" && typeof id === "number")).toBe(true);
    greedy.send({ type: "subscribe", pattern: ["notes.a", "notes.b"], id: "two" });
    greedy.send({ type: "unsubscribe", pattern: "notes.*", id: "three" });
    await greedy.inbox.until(() => greedy.all("error").length === refusals.length + 2);
    expect(greedy.all("error").slice(-2)).toMatchObject([
      { code: "limit_requests", patterns: ["notes.a", "notes.b"], id: "two" },
      { code: "limit_requests", pattern: "notes.*", id: "three" },
    ]);
    const { retry, retryAfter } = refusals[0]!;
    expect(retry).toBe(true);
    expect(retryAfter).toBeWithin(0.1, 2);
    await other.subscribe("notes.*");
    await Bun.sleep(retryAfter! * 1_000);
    await greedy.subscribe("notes.*");
  });
});

describe("a message", () => {
  test.each([
    "",
    "null",
    "[]",
    "{",
    '"subscribe"',
    '{"type":"shout"}',
    '{"type":"constructor"}',
    '{"type":"subscribe"}',
  ])("%p is refused, and the connection continues", async (text) => {
    const client = await server.connect();
    client.sendText(text);
    await client.inbox.until(() => client.all("error").length === 1);
    expect(client.all("error")).toMatchObject([{ code: "bad_message", retry: false }]);
    await client.subscribe("notes.*");
  });

  test("that is invalid gets an error with its id", async () => {
    const client = await server.connect();
    client.sendText('{"type":"subscribe","pattern":7,"id":"mine"}');
    client.sendText('{"type":"subscribe","pattern":"notes.*","filter":1,"id":"yours"}');
    client.sendText('{"type":"shout","pattern":["a","b"],"id":"ours"}');
    client.sendText(`{"type":"ping","id":"${"x".repeat(129)}"}`);
    await client.inbox.until(() => client.all("error").length === 4);
    expect(client.all("error").map(({ id }) => id)).toEqual(["mine", "yours", "ours", undefined]);
    expect(client.all("error").map((error) => error["pattern"] ?? error["patterns"])).toEqual([
      undefined,
      "notes.*",
      ["a", "b"],
      undefined,
    ]);
  });

  test("in a binary frame is refused", async () => {
    const client = await server.connect();
    client.raw.send(encodeFrame(OP.bytes, '{"type":"ping"}'));
    await client.inbox.until(() => client.all("error").length === 1);
    expect(client.all("error")).toMatchObject([{ code: "bad_message" }]);
  });

  test("may have 64 KiB, but no more", async () => {
    const client = await server.connect();
    client.sendText('{"type":"ping"}'.padEnd(65_536));
    client.sendText('{"type":"ping","id":"large"}'.padEnd(65_537));
    await client.inbox.until(() => client.messages.length === 3);
    expect(client.messages.slice(1)).toMatchObject([
      { type: "pong" },
      { type: "error", code: "limit_message", id: "large" },
    ]);
  });

  test("beyond the limit gets an error that names its pattern, unless that itself is long", async () => {
    const client = await server.connect();
    const send = (pattern: string, id: string): void =>
      client.sendText(JSON.stringify({ type: "subscribe", pattern, id, filter: "x".repeat(65_536) }));
    send("notes.*", "short");
    send("n".repeat(5_000), "long");
    await client.inbox.until(() => client.all("error").length === 2);
    expect(client.all("error")).toMatchObject([
      { code: "limit_message", id: "short", pattern: "notes.*" },
      { code: "limit_message", id: "long" },
    ]);
    expect(client.all("error")[1]?.pattern).toBeUndefined();
  });

  test("may name a subscription of 2500 bytes, but no more", async () => {
    const client = await server.connect();
    const filter = (length: number): string => `title = '${"x".repeat(length)}'`;
    expect(await client.refusal("notes.*", { filter: filter(2_500) })).toMatchObject({ code: "limit_subscription" });
    await client.subscribe("notes.*", { filter: filter(2_000) });
  });

  test("with an invalid cursor is refused", async () => {
    const client = await server.connect();
    expect(await client.refusal("notes.*", { since: "yesterday" })).toMatchObject({
      code: "bad_cursor",
      pattern: "notes.*",
    });
  });
});

describe("a flood", () => {
  test.each([
    ["of invalid messages", encodeFrame(OP.text, "{")],
    ["of requests beyond the rate", encodeFrame(OP.text, '{"type":"subscribe","pattern":"notes.*"}')],
    ["of binary messages", encodeFrame(OP.bytes, "{}")],
    ["of protocol-level pings", encodeFrame(OP.ping, "?")],
    ["of ping messages", encodeFrame(OP.text, '{"type":"ping"}')],
  ])("%s closes the connection and does not affect others", async (_, frame) => {
    const [flooder, other] = [await server.connect(), await server.connect()];
    await other.subscribe("notes.*");
    flooder.raw.send(Buffer.concat(Array.from({ length: 2_000 }, () => frame)));
    await server.superuser.create("notes", { title: "meanwhile" });
    await other.untilEvents(1);
    const { code } = await flooder.closed;
    // The close frame may be lost if the rest of the flood reaches a closed socket.
    expect([1008, 1006]).toContain(code);
    await server.untilGone(flooder);
    expect(other.isOver).toBe(false);
  });

  test("whose replies are not read uses no memory", async () => {
    const { pid } = server.process;
    const before = readStats(pid).anonymousBytes;
    const flooders = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
    for (const flooder of flooders) {
      flooder.pause();
      flooder.raw.send(Buffer.concat(Array.from({ length: 20_000 }, () => encodeFrame(OP.ping, "x".repeat(125)))));
    }
    for (const flooder of flooders) await server.untilGone(flooder);
    expect(readStats(pid).anonymousBytes - before).toBeLessThan(50e6);
  });
});

describe("connections", () => {
  test("count together with streams: beyond the limit they get 503, beyond a user's limit 429", async () => {
    await using small = await startServer({ args: ["--max-connections", "3", "--max-connections-per-user", "1"] });
    const superuser = await SuperuserClient.signIn(small.url);
    const ann = await superuser.createUser("ann");
    using first = await SocketClient.connect(small.url, { headers: { authorization: ann.token } });
    const second = SocketClient.connect(small.url, { headers: { authorization: ann.token } });
    expect(second).rejects.toThrow("429 Too Many Requests");
    using guest = await SocketClient.connect(small.url);
    expect(await guest.request({ type: "auth", token: ann.token })).toMatchObject({
      code: "limit_connections_user",
      retry: true,
    });
    using _ = await SocketClient.connect(small.url);
    expect(SocketClient.connect(small.url)).rejects.toThrow("503 Service Unavailable");
    first.close();
    while ((await guest.request({ type: "auth", token: ann.token })).type === "error") await Bun.sleep(150);
  });

  test("from an origin that is not allowed get 403", async () => {
    await using strict = await startServer({ args: ["--origins", "https://good.example,https://*.good.example"] });
    const from = (origin: string) => SocketClient.connect(strict.url, { headers: { origin } });
    for (const origin of ["https://good.example", "https://a.good.example"]) (await from(origin)).close();
    for (const origin of ["https://evil.example", "http://good.example", "null"]) {
      expect(from(origin)).rejects.toThrow("403 Forbidden");
    }
    // Programs send no Origin header.
    (await SocketClient.connect(strict.url)).close();
  });

  test("that do not read are closed when 256 KiB wait for them, and get what they missed after reconnecting", async () => {
    await server.superuser.createCollection({
      ...PUBLIC_NOTES,
      name: "pages",
      fields: [{ name: "text", type: "json", maxSize: 5_000_000 }],
    });
    const client = await server.connect();
    await client.subscribe("pages.*");
    client.pause();
    for (let i = 0; i < 20; i += 1) await server.superuser.create("pages", { text: `${i}${"x".repeat(1_000_000)}` });
    await server.untilGone(client);
    client.resume();
    expect((await client.closed).code).toBe(1006);
    const back = await server.connect();
    await back.subscribe("pages.*", { since: client.cursor! });
    await back.untilEvents(20 - client.events.length);
    const numbers = [...client.events, ...back.events].map(({ record }) => Number.parseInt(String(record["text"]), 10));
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});
