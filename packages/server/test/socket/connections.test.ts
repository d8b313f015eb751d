import { describe, expect, test } from "bun:test";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();
const quick = useSocketServer(["--ping-seconds", "0.2", "--pong-seconds", "0.2"]);

describe("WebSocket Connection Endpoint", () => {
  test("Successful connection", async () => {
    const [one, other] = [await server.connect(), await server.connect()];
    expect(one.raw.head).toStartWith("HTTP/1.1 101 ");
    expect(one.hello).toEqual({
      type: "connected",
      connectionId: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
      cursor: expect.stringMatching(/^a\.[\w-]{22}$/),
      auth: null,
      limits: { subscriptions: 100, requestsPerSecond: 10, messageBytes: 65_536 },
    });
    expect(other.hello.connectionId).not.toBe(one.hello.connectionId);
    expect(await server.showConnection(one)).toMatchObject({ id: one.hello.connectionId, transport: "websocket" });
  });

  test("Authenticated connection", async () => {
    const client = await server.connectAsUser();
    expect(client.hello.auth).toEqual({ collection: "users", id: server.user.id });
    expect(await client.subscribe("inner.*")).toMatchObject({ pattern: "inner.*", kind: "collection" });
    expect(await client.refusal("vault.*")).toMatchObject({ code: "forbidden" });
  });

  test("Connection cleanup", async () => {
    const client = await server.connect();
    await client.subscribe("notes.*");
    expect(await server.showConnection(client)).toMatchObject({ subscriptions: ["notes.*"] });
    client.close();
    await server.untilGone(client);
  });
});

describe("Client Connection Tracking", () => {
  test("Connection metadata storage", async () => {
    const before = new Date();
    const client = await server.connectAsUser();
    await client.subscribe("notes.*");
    await client.subscribe("inner.*", { filter: "title != ''" });
    const shown = await server.showConnection(client);
    expect(shown).toMatchObject({
      id: client.hello.connectionId,
      address: "127.0.0.1",
      transport: "websocket",
      auth: { collection: "users", id: server.user.id },
      subscriptions: ["notes.*", expect.stringContaining("inner.*")],
    });
    expect(new Date(String(shown!["opened"])).getTime()).toBeWithin(before.getTime() - 1, Date.now() + 1);
  });

  test("Authentication context retrieval", async () => {
    const client = await server.connect();
    expect(await client.refusal("inner.*")).toMatchObject({ code: "forbidden" });
    const answer = await client.request({ type: "auth", token: server.user.token });
    expect(answer).toMatchObject({ type: "authenticated", auth: { collection: "users", id: server.user.id } });
    await client.subscribe("inner.*");
    expect(await server.showConnection(client)).toMatchObject({ auth: { id: server.user.id } });
  });
});

describe("Connection Health Monitoring", () => {
  test("Heartbeat ping", async () => {
    const client = await quick.connect();
    while (client.pings < 3) await Bun.sleep(20);
    expect(client.isOver).toBe(false);
    expect(await quick.showConnection(client)).toBeDefined();
  });

  test("Stale connection cleanup", async () => {
    const [lively, stale] = [await quick.connect(), await quick.connect({ answersPings: false })];
    await stale.subscribe("notes.*");
    expect((await stale.closed).code).toBe(4000);
    expect(stale.pings).toBe(1);
    await quick.untilGone(stale);
    expect(lively.isOver).toBe(false);
  });

  test("a peer that disappears silently is closed", async () => {
    const client = await quick.connect({ answersPings: false });
    client.pause();
    await quick.untilGone(client);
  });

  test("a client that sends messages is not stale", async () => {
    const client = await quick.connect({ answersPings: false });
    for (let i = 0; i < 20; i += 1) {
      await Bun.sleep(50);
      expect(await client.request({ type: "ping" })).toMatchObject({ type: "pong" });
    }
  });
});
