import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { ARTICLES, PRIVATE_NOTES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { rejectionOf } from "../test/support/rejection.ts";
import {
  Client,
  filter,
  memoryStore,
  type RecordModel,
  routed,
  type SubscriptionEvent,
  type TransportKind,
} from "./index.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let admin: SuperuserClient;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startServer();
  admin = await SuperuserClient.signIn(server.url);
  for (const definition of [PUBLIC_NOTES, PRIVATE_NOTES, ARTICLES]) await admin.createCollection(definition);
  await admin.createCollection({ name: "vault", type: "base", fields: [{ name: "title", type: "text" }] });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await server[Symbol.asyncDispose]();
});

let transport: TransportKind;

function newClient(): Client {
  const client = new Client(server.url, { store: memoryStore(), transport });
  clients.push(client);
  return client;
}

/** Each test uses its own word, because tests share the collections. */
let words = 0;
const newWord = (): string => `word${(words += 1)}`;

type Event = SubscriptionEvent;

const fieldOf = (record: object, name: string): unknown => (record as Readonly<Record<string, unknown>>)[name];

const titleOf = (event: Event): unknown => (event.action === "resync" ? event.reason : fieldOf(event.record, "title"));

const countOf = (event: Event): unknown => event.action !== "resync" && fieldOf(event.record, "count");

function inboxOf(subscription: { forEach(callback: (event: Event) => void): unknown }): Inbox<Event> {
  const inbox = new Inbox<Event>();
  subscription.forEach((event) => inbox.push(event));
  return inbox;
}

describe.each(["sse", "websocket"] as const)("over %s", (carrier) => {
  beforeAll(() => void (transport = carrier));

  test("a loop receives the events of a collection, and leaving it ends the subscription", async () => {
    const client = newClient();
    const word = newWord();
    const subscription = client.realtime().subscribeToCollection("notes", { filter: filter`title ~ ${word}` });
    await subscription.ready;
    const { id } = await admin.create("notes", { title: word });
    await admin.update("notes", id, { count: 2 });
    await admin.request("DELETE", `/api/collections/notes/records/${id}`);
    const received: [string, unknown][] = [];
    for await (const event of subscription) {
      if (event.action === "resync" || event.action === "leave") throw new Error("unexpected event");
      received.push([event.action, event.record["count"]]);
      expect(event.cursor).toMatch(/^a\.[\w-]{22}$/);
      if (event.action === "delete") break;
    }
    expect(received).toEqual([
      ["create", 0],
      ["update", 2],
      ["delete", 2],
    ]);
    expect(client.realtime().state.kind).toBe("closed");
  });

  test("a record that starts to match the filter is `enter`, and one that stops is `leave`", async () => {
    const client = newClient();
    const word = newWord();
    const subscription = client.collection("notes").subscribe({ filter: filter`title = ${word}` });
    await subscription.ready;
    const inbox = inboxOf(subscription);
    const { id } = await admin.create("notes", { title: "elsewhere" });
    for (const title of [word, "elsewhere"]) await admin.update("notes", id, { title });
    await inbox.until((events) => events.length === 2);
    expect(inbox.items.map(({ action }) => action)).toEqual(["enter", "leave"]);
  });

  test("a record subscription receives only that record's events", async () => {
    const client = newClient();
    const [one, other] = [
      await admin.create("notes", { title: "one" }),
      await admin.create("notes", { title: "other" }),
    ];
    const subscription = client.realtime().subscribeToRecord("notes", one.id);
    await subscription.ready;
    const inbox = inboxOf(subscription);
    await admin.update("notes", other.id, { title: "other 2" });
    await admin.update("notes", one.id, { title: "one 2" });
    await inbox.until((events) => events.length === 1);
    expect(inbox.items.map(titleOf)).toEqual(["one 2"]);
  });

  test("a change that matches two subscriptions is delivered once to each", async () => {
    const client = newClient();
    const { id } = await admin.create("notes", { title: "both" });
    const all = client.realtime().subscribeToCollection("notes", { filter: filter`id = ${id}` });
    const one = client.realtime().subscribeToRecord("notes", id);
    await Promise.all([all.ready, one.ready]);
    const inboxes = [inboxOf(all), inboxOf(one)];
    for (let count = 1; count <= 20; count += 1) await admin.update("notes", id, { count });
    for (const inbox of inboxes) {
      await inbox.until((events) => events.length === 20);
      expect(inbox.items.map((event) => countOf(event))).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    }
    expect(client.realtime().stats).toMatchObject({ reconnects: 0, subscriptions: 2, warnings: 0 });
  });

  test("a subscription with a cursor gets the missed events first, beside a live subscription", async () => {
    const client = newClient();
    const word = newWord();
    const options = { filter: filter`title ~ ${word}` };
    const live = client.realtime().subscribeToCollection("notes", options);
    await live.ready;
    const first = inboxOf(live);
    for (const i of [1, 2, 3]) await admin.create("notes", { title: `${word} ${i}` });
    await first.until((events) => events.length === 3);
    const since = (first.items[0] as Extract<Event, { cursor: unknown }>).cursor!;
    const second = inboxOf(client.realtime().subscribeToCollection("notes", { ...options, since }));
    await second.until((events) => events.length === 2);
    await admin.create("notes", { title: `${word} 4` });
    await Promise.all([first.until((events) => events.length === 4), second.until((events) => events.length === 3)]);
    expect(second.items.map(titleOf)).toEqual([`${word} 2`, `${word} 3`, `${word} 4`]);
    expect(first.items.map(titleOf)).toEqual([1, 2, 3, 4].map((i) => `${word} ${i}`));
  });

  test("full batches are delivered at once, others after the delay", async () => {
    const client = newClient();
    const word = newWord();
    const subscription = client.realtime().subscribeToCollection("notes", { filter: filter`title ~ ${word}` });
    await subscription.ready;
    for (let i = 0; i < 7; i += 1) await admin.create("notes", { title: `${word} ${i}` });
    const sizes: number[] = [];
    for await (const batch of subscription.batches({ maxSize: 3, maxDelayMs: 50 })) {
      sizes.push(batch.length);
      if (sizes.reduce((sum, size) => sum + size) === 7) break;
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
    expect(client.realtime().names).toEqual([]);
  });

  test("`routed` calls a function for each action, and one that throws doesn't affect the others", async () => {
    const client = newClient();
    const word = newWord();
    const calls: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const subscription = client.collection("notes").subscribe({ filter: filter`title ~ ${word}` });
    subscription.forEach(
      routed<RecordModel>({
        create() {
          calls.push("create");
          throw new Error("thrown by the app");
        },
        update: () => void calls.push("update"),
        delete: () => resolve(),
      }),
    );
    await subscription.ready;
    const { id } = await admin.create("notes", { title: word });
    await admin.update("notes", id, { count: 1 });
    await admin.request("DELETE", `/api/collections/notes/records/${id}`);
    await promise;
    expect(calls).toEqual(["create", "update"]);
    expect(client.realtime().stats.warnings).toBe(1);
  });

  test("forbidden and unknown collections and invalid filters fail with their error code", async () => {
    const client = newClient();
    for (const [collection, options, code] of [
      ["vault", {}, "forbidden"],
      ["nowhere", {}, "not-found"],
      ["notes", { filter: "title ~" }, "invalid"],
    ] as const) {
      const subscription = client.realtime().subscribeToCollection(collection, options);
      expect(await rejectionOf(subscription.ready)).toMatchObject({ name: "HeadwaterError", code });
      const read = async (): Promise<void> => {
        for await (const _ of subscription) throw new Error("unexpected event");
      };
      expect(await rejectionOf(read())).toMatchObject({ code });
    }
    const record = client.realtime().subscribeToRecord("vault", "abcdefghijklmno");
    expect(await rejectionOf(record.ready)).toMatchObject({ code: "forbidden" });
    expect(client.realtime().state.kind).toBe("closed");
  });

  test("after a sign-in or sign-out, open subscriptions continue as the new user without a gap", async () => {
    const client = newClient();
    const word = newWord();
    const ann = await admin.createUser(word);
    const subscription = client.realtime().subscribeToCollection("diaries");
    await subscription.ready;
    const inbox = inboxOf(subscription);
    await admin.create("diaries", { title: "before", owner: ann.id });
    await client.authenticate(`${word}@example.com`, "1234567890");
    await untilLatency(client);
    await admin.create("diaries", { title: "mine", owner: ann.id });
    await inbox.until((events) => events.some((event) => titleOf(event) === "mine"));
    client.auth.signOut();
    await untilLatency(client);
    await admin.create("diaries", { title: "after", owner: ann.id });
    await client.authenticate(`${word}@example.com`, "1234567890");
    await untilLatency(client);
    await admin.create("diaries", { title: "again", owner: ann.id });
    await inbox.until((events) => events.some((event) => titleOf(event) === "again"));
    expect(inbox.items.every(({ action }) => action === "create")).toBe(true);
  });

  function untilLatency(client: Client): Promise<void> {
    return new Promise((resolve) => {
      const stop = client.realtime().monitor(({ kind }) => {
        if (kind !== "latency") return;
        stop();
        setTimeout(resolve); // By then the client has processed the response.
      });
    });
  }

  test("the server sends nothing for a subscription after it ends", async () => {
    const client = newClient();
    const word = newWord();
    const keep = client.realtime().subscribeToCollection("notes", { filter: filter`title = ${`${word} end`}` });
    const left = client.realtime().subscribeToCollection("notes", { filter: filter`title ~ ${word}` });
    await Promise.all([keep.ready, left.ready]);
    await left.unsubscribe();
    const { events } = client.realtime().stats;
    for (const title of ["a", "b", "end"]) await admin.create("notes", { title: `${word} ${title}` });
    for await (const event of keep) {
      expect(titleOf(event)).toBe(`${word} end`);
      break;
    }
    expect(client.realtime().stats.events).toBe(events + 1);
  });

  test("aborting the signal ends the loop without an error", async () => {
    const client = newClient();
    const abort = new AbortController();
    const subscription = client.realtime().subscribeToCollection("notes", { signal: abort.signal });
    await subscription.ready;
    setTimeout(() => abort.abort());
    for await (const _ of subscription) throw new Error("unexpected event");
    expect(client.realtime().names).toEqual([]);
  });

  test("a slow app gets a resync, the newest events or an error, as it chooses", async () => {
    const client = newClient();
    const word = newWord();
    const options = { filter: filter`title ~ ${word}`, capacity: 3 };
    const by = (onOverflow: "resync" | "drop-oldest" | "fail") =>
      client.realtime().subscribeToCollection("notes", { ...options, onOverflow });
    const [resync, newest, fail] = [by("resync"), by("drop-oldest"), by("fail")];
    const fast = client.realtime().subscribeToCollection("notes", { filter: options.filter });
    await Promise.all([resync, newest, fail, fast].map(({ ready }) => ready));
    const inbox = inboxOf(fast);
    for (let i = 0; i < 5; i += 1) await admin.create("notes", { title: `${word} ${i}` });
    await inbox.until((events) => events.length === 5);
    expect(client.realtime().stats.dropped).toBeGreaterThan(0);
    expect(await firstOf(resync, 2)).toEqual(["overflow", `${word} 4`]);
    expect(await firstOf(newest, 3)).toEqual([2, 3, 4].map((i) => `${word} ${i}`));
    expect(await rejectionOf(firstOf(fail, 5))).toMatchObject({ code: "overflow" });
  });

  async function firstOf(events: AsyncIterable<Event>, count: number): Promise<unknown[]> {
    const titles: unknown[] = [];
    for await (const event of events) {
      titles.push(titleOf(event));
      if (titles.length === count) break;
    }
    return titles;
  }
});

test("more subscriptions than a WebSocket allows use a stream", async () => {
  const client = new Client(server.url, { store: memoryStore(), limits: { minMs: 1, baseMs: 5, maxMs: 20 } });
  clients.push(client);
  const names = Array.from({ length: 101 }, (_, i) => `channel${i}`);
  for (const some of [names.slice(0, 100), names.slice(100)])
    await Promise.all(some.map((name) => client.realtime().subscribe(name).ready));
  expect(client.realtime().stats).toMatchObject({ subscriptions: 101, reconnects: 1 });
});
