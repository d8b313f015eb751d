import { afterAll, describe, expect, test } from "bun:test";
import type { ServerMessage } from "@headwater/protocol";
import { defineCollection } from "../../src/library/collections/define-collection.ts";
import { text } from "../../src/library/collections/fields.ts";
import { openLibraryApp } from "../../src/testing/library-app.ts";
import { SocketClient, type SocketClientOptions } from "@headwater/testing/clients/socket-client.ts";

const posts = defineCollection("posts", { fields: { title: text() }, listRule: "", viewRule: "" });
const { app, log } = await openLibraryApp({ collections: [posts] });
app.realtime.channel("club", { subscribe: "@request.auth.id != ''" });
const { url } = app.start();
const open: SocketClient[] = [];
afterAll(() => open.forEach((client) => client.close()));

async function connect(options: SocketClientOptions = {}): Promise<SocketClient> {
  const client = await SocketClient.connect(url, options);
  open.push(client);
  return client;
}

const customs = (client: SocketClient): Extract<ServerMessage, { type: "custom_event" }>[] =>
  client.all("custom_event");
const until = (client: SocketClient, count: number): Promise<void> =>
  client.inbox.until(() => customs(client).length >= count);

describe("Custom Event Broadcasting", () => {
  test("Broadcast custom event to collection subscribers", async () => {
    const [listener, stranger] = [await connect(), await connect()];
    expect(await listener.subscribe("notifications.*")).toMatchObject({ kind: "channel" });
    await stranger.subscribe("posts.*");
    await app.realtime.broadcast("notifications", { message: "Hello" });
    await app.realtime.broadcast("posts", { message: "of a collection's name" });
    await Promise.all([until(listener, 1), until(stranger, 1)]);
    expect(customs(listener)).toEqual([
      {
        type: "custom_event",
        channel: "notifications",
        data: { message: "Hello" },
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        patterns: ["notifications.*"],
        cursor: expect.any(String),
      },
    ]);
    expect(customs(stranger)).toMatchObject([{ channel: "posts", patterns: ["posts.*"] }]);
  });

  test("Broadcast to all clients", async () => {
    const clients = [await connect(), await connect()];
    await clients[0]!.subscribe("posts.*");
    await app.realtime.broadcastAll({ announcement: "System maintenance" });
    for (const client of clients) {
      await until(client, 1);
      expect(customs(client)).toEqual([
        {
          type: "custom_event",
          data: { announcement: "System maintenance" },
          timestamp: expect.any(String),
          cursor: expect.any(String),
        },
      ]);
    }
  });

  test("a client that reconnects gets missed broadcasts to everyone and to its channels, once and in order", async () => {
    const before = await connect();
    await before.subscribe("news.*");
    await app.realtime.broadcast("news", 1);
    await until(before, 1);
    before.close();
    const [{ cursor: since = "" } = {}] = customs(before);
    await app.realtime.broadcastAll(2);
    await app.realtime.broadcast("news", 3);
    const back = await connect({ query: `?since=${since}` });
    await back.subscribe("news.*", { since });
    await app.realtime.broadcastAll(4);
    await app.realtime.broadcast("news", 5);
    await until(back, 4);
    expect(customs(back).map(({ data }) => data)).toEqual([2, 3, 4, 5]);
  });

  test("a volatile broadcast has no cursor", async () => {
    const client = await connect();
    await client.subscribe("mouse.*");
    await app.realtime.broadcast("mouse", { x: 1 }, { volatile: true });
    await until(client, 1);
    expect(customs(client)[0]).not.toHaveProperty("cursor");
  });

  test("a subscription that a channel's rule never allows is refused", async () => {
    const client = await connect();
    expect(await client.refusal("club.*")).toMatchObject({ code: "forbidden" });
  });

  test("data that cannot be serialized is logged and not sent, and later broadcasts are sent", async () => {
    const client = await connect();
    await client.subscribe("sums.*");
    await app.realtime.broadcast("sums", 1n);
    await app.realtime.broadcast("sums", 2);
    await until(client, 1);
    expect(customs(client).map(({ data }) => data)).toEqual([2]);
    expect(log.some(({ level }) => level === "error" || level === 50)).toBe(true);
  });
});

describe("Client Connection Tracking", () => {
  test("Connection listing", async () => {
    const client = await connect();
    await client.subscribe("posts.*");
    const listed = app.realtime.getConnections().find(({ id }) => id === client.hello.connectionId);
    expect(listed).toMatchObject({
      transport: "websocket",
      address: "127.0.0.1",
      auth: null,
      subscriptions: ["posts.*"],
      connectedAt: expect.any(Date),
    });
  });
});
