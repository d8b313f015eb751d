import { describe, expect, test } from "bun:test";
import { mayReconnect } from "@headwater/protocol";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

const titles = (client: SocketClient): unknown[] => client.events.map(({ record }) => record["title"]);

describe("a client that reconnects", () => {
  test("gets missed events, then live ones, without gaps or duplicates", async () => {
    const before = await server.connect();
    await before.subscribe("notes.*");
    await server.superuser.create("notes", { title: "seen" });
    await before.untilEvents(1);
    before.close();
    const total = 300;
    const writing = inParallel(total, 8, (i) =>
      server.superuser.create("notes", { title: `n${i}` }).then(() => undefined),
    );
    const back = await server.connect();
    const { cursor } = await back.subscribe("notes.*", { since: before.cursor! });
    expect(cursor).toBeUndefined();
    await writing;
    await back.untilEvents(total);
    await server.superuser.create("notes", { title: "last" });
    await back.untilEvents(total + 1);
    expect(new Set(titles(back)).size).toBe(total + 1);
    const seqs = back.events.map((event) => Number(event.cursor!.split(".")[1]));
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  test("gets missed events of new patterns, while the other patterns continue", async () => {
    const client = await server.connect();
    const since = client.hello.cursor;
    await client.subscribe("comments.*");
    await server.superuser.create("notes", { title: "missed" });
    await server.superuser.create("comments", { title: "heard" });
    await client.untilEvents(1);
    await client.subscribe("notes.*", { since });
    await server.superuser.create("comments", { title: "live" });
    await client.untilEvents(3);
    expect(titles(client)).toEqual(["heard", "missed", "live"]);
  });

  test("with the cursor of a list misses nothing", async () => {
    await server.superuser.create("notes", { title: "listed" });
    const { headers } = await server.superuser.request("GET", "/api/collections/notes/records");
    await server.superuser.create("notes", { title: "after the list" });
    const client = await server.connect();
    await client.subscribe("notes.*", { since: headers.get("headwater-cursor")! });
    await client.untilEvents(1);
    expect(titles(client)).toEqual(["after the list"]);
  });

  test("with a cursor that this log did not issue gets a resync", async () => {
    const client = await server.connect();
    await client.subscribe("notes.*", { since: "0123456789.1" });
    await client.subscribe("comments.*", { since: `a.${"A".repeat(22)}` });
    await client.inbox.until(() => client.all("resync").length === 2);
    expect(client.all("resync")).toMatchObject([
      { reason: "epoch", patterns: ["notes.*"], cursor: expect.stringMatching(/^[an]\./) },
      { reason: "epoch", patterns: ["comments.*"], cursor: expect.stringMatching(/^[an]\./) },
    ]);
    await server.superuser.create("notes", { title: "after" });
    expect((await client.untilEvents(1)).at(-1)!.record["title"]).toBe("after");
  });
});

test("subscriptions with transitions get enter and leave events for a filter", async () => {
  const client = await server.connect();
  await client.subscribe("notes.*", { filter: "count > 5", transitions: "enter-leave" });
  const { id } = await server.superuser.create("notes", { title: "t", count: 1 });
  await server.superuser.update("notes", id, { count: 6 });
  await server.superuser.update("notes", id, { count: 7 });
  await server.superuser.update("notes", id, { count: 2 });
  const events = await client.untilEvents(3);
  expect(events.map(({ action }) => action)).toEqual(["enter", "update", "leave"]);
  expect(Object.keys(events[2]!.record)).toEqual(["collectionId", "collectionName", "id"]);
});

test("a rule change applies to open connections and sends leave events", async () => {
  await server.superuser.createCollection({ ...PUBLIC_NOTES, name: "turning" });
  const client = await server.connect();
  await client.subscribe("turning.*", { transitions: "enter-leave" });
  await server.superuser.create("turning", { title: "open" });
  await client.untilEvents(1);
  await server.superuser.updateCollection("turning", { listRule: null });
  await server.superuser.create("turning", { title: "secret" });
  await server.superuser.updateCollection("turning", { listRule: "" });
  await client.untilEvents(4);
  expect(client.events.slice(0, 2).map(({ action, record }) => [action, record["title"]])).toEqual([
    ["create", "open"],
    ["leave", undefined],
  ]);
  expect(
    client.events
      .slice(2)
      .map(({ action, record }) => `${action} ${String(record["title"])}`)
      .toSorted(),
  ).toEqual(["enter open", "enter secret"]);
});

describe("shutdown", () => {
  test("closes connections with 1012 after the last change, spread over time, and clients may reconnect", async () => {
    await using ending = await startServer({ args: ["--drain-seconds", "1"] });
    const superuser = await SuperuserClient.signIn(ending.url);
    await superuser.createCollection(PUBLIC_NOTES);
    const clients = await Promise.all(Array.from({ length: 500 }, () => SocketClient.connect(ending.url)));
    await Promise.all(clients.map((client) => client.subscribe("notes.*")));
    await superuser.create("notes", { title: "last words" });
    const endings: number[] = [];
    const closings = clients.map(async (client) => {
      const closing = await client.closed;
      endings.push(performance.now());
      return closing;
    });
    expect(await ending.stop()).toBe(0);
    const codes = new Set((await Promise.all(closings)).map(({ code }) => code));
    expect(codes).toEqual(new Set([1012]));
    expect(clients.every((client) => titles(client).includes("last words"))).toBe(true);
    expect(endings.at(-1)! - endings[0]!).toBeGreaterThan(200);
    expect(mayReconnect(1012)).toBe(true);
  });

  test("by SIGKILL looks like a lost connection", async () => {
    await using ending = await startServer();
    const client = await SocketClient.connect(ending.url);
    await ending.stop("SIGKILL");
    const { code } = await client.closed;
    expect([code, mayReconnect(code), mayReconnect(1008)]).toEqual([1006, true, false]);
  });
});
