import { afterAll, describe, expect, test } from "bun:test";
import { UserError } from "../../lib/user-error.ts";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { play } from "../../testing/scenario.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import type { App } from "../create-app.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { text } from "../collections/fields.ts";

const posts = defineCollection("posts", { fields: { title: text() }, listRule: "", viewRule: "" });
const secrets = defineCollection("secrets", { fields: { title: text() } });
const circles = defineCollection("circles", { fields: { title: text() }, listRule: "@request.auth.id != ''" });
const { app, log } = await openLibraryApp({ collections: [posts, secrets, circles] });
const { url } = app.start();
const open: SseClient[] = [];
afterAll(() => open.forEach((client) => client.close()));

async function listen(topics: readonly string[], token?: string, since?: string): Promise<SseClient> {
  const client = await SseClient.connect(url);
  open.push(client);
  await client.subscribe(topics, token, since);
  return client;
}

const received = (client: SseClient): unknown[] => client.events.map(({ event, data }) => [event, JSON.parse(data)]);
const until = (client: SseClient, count: number): Promise<unknown> => client.inbox.until((all) => all.length >= count);

async function signUp(on: App, name: string): Promise<string> {
  const account = { email: `${name}@example.com`, password: "1234567890" };
  await on.records("users").create(account);
  const body = { identity: account.email, password: account.password };
  const signed = await play(url, { method: "POST", path: "/api/collections/users/auth-with-password", body });
  return ((await signed.json()) as { token: string }).token;
}

describe("a broadcast", () => {
  test("reaches the subscribers of its channel, by either of its topics, and nobody else", async () => {
    const [one, other, stranger] = [await listen(["chat"]), await listen(["chat/*"]), await listen(["chatter", "x/y"])];
    await app.realtime.broadcast("chat", { text: "hello" });
    await app.realtime.broadcast("chatter", 7);
    await Promise.all([until(one, 1), until(other, 1), until(stranger, 1)]);
    expect([received(one), received(other), received(stranger)]).toEqual([
      [["chat", { text: "hello" }]],
      [["chat/*", { text: "hello" }]],
      [["chatter", 7]],
    ]);
  });

  test("is in order with record changes, and can be resumed from a cursor like them", async () => {
    const client = await listen(["news", "posts/*"]);
    await app.realtime.broadcast("news", 1);
    await app.records("posts").create({ title: "first" });
    await app.realtime.broadcast("posts", 2);
    await until(client, 3);
    const events = client.events.map(({ event }) => event);
    expect(events).toEqual(["news", "posts/*", "posts/*"]);
    const [{ id = "" } = {}] = client.events;
    client.close();
    await app.realtime.broadcast("news", 3);
    const again = await listen(["news"], undefined, id);
    await until(again, 1);
    expect(received(again)).toEqual([["news", 3]]);
  });

  test("to all reaches every client once, also clients that reconnect", async () => {
    const [one, idle] = [await listen(["chat", "posts/*"]), await listen([])];
    await app.realtime.broadcastAll({ announcement: "maintenance" });
    await Promise.all([until(one, 1), until(idle, 1)]);
    expect([received(one), received(idle)]).toEqual([
      [["*", { announcement: "maintenance" }]],
      [["*", { announcement: "maintenance" }]],
    ]);
    const cursor = one.events[0]?.id ?? "";
    one.close();
    await app.realtime.broadcastAll("missed");
    const back = await SseClient.connect(url, { "Last-Event-ID": cursor });
    open.push(back);
    await app.realtime.broadcastAll("live");
    await back.subscribe(["chat"]);
    await back.subscribe(["chat", "posts/*"]);
    await app.realtime.broadcast("chat", "end");
    await back.inbox.until((all) => all.some(({ event }) => event === "chat"));
    expect(received(back)).toEqual([
      ["*", "missed"],
      ["*", "live"],
      ["chat", "end"],
    ]);
  });

  test("that is volatile is not in the log", async () => {
    const client = await listen(["mouse"]);
    await app.realtime.broadcast("mouse", [1, 2], { volatile: true });
    await app.realtime.broadcast("mouse", "kept");
    await until(client, 2);
    expect(received(client)).toEqual([
      ["mouse", [1, 2]],
      ["mouse", "kept"],
    ]);
    expect(client.events.map(({ id }) => id === undefined)).toEqual([true, false]);
  });

  test("whose data JSON can't represent is logged and not sent, and the next one arrives", async () => {
    const client = await listen(["odd"]);
    const circle: unknown[] = [];
    circle.push(circle);
    const nested = [{ rows: [{ total: 10n }] }, { at: new Map() }, [Number.NaN], { run: () => {} }, new Set([1])];
    const throwing = {
      toJSON: () => {
        throw new Error("no");
      },
    };
    for (const data of [circle, 1n, undefined, () => {}, throwing, ...nested])
      await app.realtime.broadcast("odd", data);
    await app.transaction(async (tx) => tx.realtime.broadcast("odd", { n: 1n }));
    await app.realtime.broadcast("odd", null);
    await until(client, 1);
    expect(received(client)).toEqual([["odd", null]]);
    const logged = log.filter(({ msg }) => String(msg).startsWith("a broadcast was not sent"));
    expect(logged).toHaveLength(11);
    expect(JSON.stringify(logged)).toContain("a BigInt (at rows[0].total)");
  });

  test("in a transaction is sent when that commits, or not at all", async () => {
    const client = await listen(["ledger", "posts/*"]);
    const undone = app.transaction(async (tx) => {
      await tx.realtime.broadcast("ledger", "undone");
      throw new Error("no");
    });
    expect(await refusal(undone)).toEqual(new Error("no"));
    const outside = app.transaction(() => app.realtime.broadcast("ledger", "outside"));
    expect(String(await refusal(outside))).toContain("tx.realtime");
    await app.transaction(async (tx) => {
      await tx.records("posts").create({ title: "t" });
      await tx.realtime.broadcast("ledger", "done");
      await tx.realtime.broadcastAll("closed");
    });
    await until(client, 3);
    expect(client.events.map(({ event }) => event)).toEqual(["posts/*", "ledger", "*"]);
  });

  test("needs a valid channel name", async () => {
    for (const name of ["", "a/b", "a b", "*", "é", "x".repeat(256)]) {
      expect(String(await refusal(app.realtime.broadcast(name, 1)))).toContain("can't be the name of a channel");
    }
  });
});

describe("a channel", () => {
  test("that is declared reaches only subscribers that its rule allows, and the rule is evaluated for each event", async () => {
    app.realtime.channel("members", { subscribe: "@request.auth.id != ''" });
    app.realtime.channel("staff", { subscribe: null });
    const token = await signUp(app, "ann");
    const [guest, ann] = [await listen(["members", "staff", "end"]), await listen(["members", "staff", "end"], token)];
    for (const channel of ["staff", "members", "end"]) await app.realtime.broadcast(channel, 1);
    await Promise.all([until(guest, 1), until(ann, 2)]);
    expect(guest.events.map(({ event }) => event)).toEqual(["end"]);
    expect(ann.events.map(({ event }) => event)).toEqual(["members", "end"]);
  });

  test("that matches a declared prefix follows the prefix's rule, which can read the channel's name", async () => {
    app.realtime.channel("room-*", { subscribe: "@collection.posts.title ?= id" });
    app.realtime.channel("room-9*", { subscribe: null });
    const client = await listen(["room-1", "room-2", "room-99", "end"]);
    await app.realtime.broadcast("room-1", "nobody may");
    const post = await app.records("posts").create({ title: "room-1" });
    for (const channel of ["room-1", "room-2", "room-99"]) await app.realtime.broadcast(channel, "now");
    await app.records("posts").delete(post.id);
    for (const channel of ["room-1", "end"]) await app.realtime.broadcast(channel, "then");
    await until(client, 2);
    expect(received(client)).toEqual([
      ["room-1", "now"],
      ["end", "then"],
    ]);
  });

  test("with a collection's name reaches those who may list the collection", async () => {
    const token = await signUp(app, "bea");
    const [guest, bea] = [
      await listen(["secrets/*", "circles", "end"]),
      await listen(["secrets/*", "circles", "end"], token),
    ];
    for (const channel of ["secrets", "circles", "end"]) await app.realtime.broadcast(channel, 1);
    await Promise.all([until(guest, 1), until(bea, 2)]);
    expect(guest.events.map(({ event }) => event)).toEqual(["end"]);
    expect(bea.events.map(({ event }) => event)).toEqual(["circles", "end"]);
  });

  test("that is declared while clients listen sorts them by its rule at once", async () => {
    const [guest, dora] = [await listen(["lounge", "end"]), await listen(["lounge", "end"], await signUp(app, "dora"))];
    await app.realtime.broadcast("lounge", "for all");
    await Promise.all([until(guest, 1), until(dora, 1)]);
    app.realtime.channel("lounge", { subscribe: "@request.auth.id != ''" });
    await app.realtime.broadcast("lounge", "for users");
    await app.realtime.broadcast("end", 1);
    await Promise.all([until(guest, 2), until(dora, 3)]);
    expect(guest.events.map(({ event }) => event)).toEqual(["lounge", "end"]);
    expect(dora.events.map(({ event }) => event)).toEqual(["lounge", "lounge", "end"]);
  });

  test("needs a valid name and a valid rule", () => {
    expect(() => app.realtime.channel("a b", { subscribe: "" })).toThrow(UserError);
    expect(() => app.realtime.channel("ok", { subscribe: "titel =" })).toThrow(UserError);
    expect(() => app.realtime.channel("ok", { subscribe: "nothing = 1" })).toThrow('The rule of channel "ok"');
  });

  test("that is not declared is only for superusers, if channels must be declared", async () => {
    const strict = await openLibraryApp({ channels: "declared" });
    strict.app.realtime.channel("open", { subscribe: "" });
    const client = await SseClient.connect(strict.app.start().url);
    open.push(client);
    await client.subscribe(["other", "open"]);
    await strict.app.realtime.broadcast("other", 1);
    await strict.app.realtime.broadcast("open", 2);
    await until(client, 1);
    expect(received(client)).toEqual([["open", 2]]);
  });
});

test("the application can list the connected clients", async () => {
  const token = await signUp(app, "cleo");
  const client = await listen(["chat", "posts/*"], token);
  const mine = app.realtime.getConnections().find(({ id }) => id === client.id);
  expect(mine).toMatchObject({
    transport: "sse",
    auth: { collectionName: "users" },
    subscriptions: ["chat", "posts/*"],
    queuedBytes: 0,
  });
  expect(mine?.connectedAt).toBeInstanceOf(Date);
});
