import { expect, setDefaultTimeout, test } from "bun:test";
import type { ServerWebSocket } from "bun";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { scriptedServer } from "../../test/support/scripted-server.ts";
import {
  Client,
  type ClientOptions,
  type MonitorEvent,
  memoryStore,
  type RecordModel,
  type SubscriptionEvent,
} from "../index.ts";

setDefaultTimeout(60_000);

const LIMITS = { minMs: 1, baseMs: 5, maxMs: 20 } as const;

type Asked = {
  readonly type: string;
  readonly id: number;
  readonly pattern: readonly string[];
  readonly since?: string;
};
type Answer = (asked: Asked, socket: ServerWebSocket<number>, connection: number) => void;

const say = (socket: ServerWebSocket<number>, message: object): void => void socket.send(JSON.stringify(message));

const grant = ({ id, pattern }: Asked, socket: ServerWebSocket<number>): void => {
  for (const one of pattern) say(socket, { type: "subscribed", id, pattern: one, kind: "collection" });
};

const event = (seq: number, patterns: readonly string[]): object => ({
  type: "record_event",
  collection: "posts",
  action: "update",
  record: { id: "x", title: `t${seq}` },
  timestamp: "2026-01-01T00:00:00.000Z",
  patterns,
  cursor: `e1.${seq}`,
});

/** A server that greets, and answers as the script says; unsubscribing and signing in are always granted. */
function scriptedSocket(answer: Answer): { readonly url: string; readonly asked: readonly Asked[] } & Disposable {
  const asked: Asked[] = [];
  let connections = 0;
  const server = Bun.serve<number>({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, self) => (self.upgrade(request, { data: (connections += 1) }) ? undefined : new Response("")),
    websocket: {
      open: (socket) =>
        say(socket, {
          type: "connected",
          connectionId: `c${socket.data}`,
          cursor: "e1.0",
          auth: null,
          limits: { subscriptions: 100 },
        }),
      message(socket, text) {
        const message = JSON.parse(String(text)) as Asked;
        asked.push(message);
        if (message.type === "unsubscribe")
          for (const pattern of message.pattern) say(socket, { type: "unsubscribed", id: message.id, pattern });
        else if (message.type === "auth") say(socket, { type: "authenticated", id: message.id, auth: null });
        else answer(message, socket, socket.data);
      },
    },
  });
  return { url: server.url.href, asked, [Symbol.dispose]: () => void server.stop(true) };
}

const newClient = (url: string, options: ClientOptions = {}): Client =>
  new Client(url, { store: memoryStore(), limits: LIMITS, transport: "websocket", ...options });

function watch(client: Client, id = "*"): { readonly inbox: Inbox<SubscriptionEvent>; readonly closed: Promise<void> } {
  const subscription = client.realtime().follow<RecordModel>("posts", id, { check: false });
  const inbox = new Inbox<SubscriptionEvent>();
  subscription.forEach((one) => inbox.push(one));
  return { inbox, closed: subscription.closed };
}

const titles = ({ items }: Inbox<SubscriptionEvent>): unknown[] =>
  items.map(({ action, ...rest }) => ("record" in rest ? (rest.record as { title?: unknown }).title : action));

test("one message for two subscriptions is an event of each, and a cut between two messages loses nothing", async () => {
  using server = scriptedSocket((asked, socket, connection) => {
    grant(asked, socket);
    if (connection === 1) {
      say(socket, event(1, asked.pattern));
      return socket.terminate();
    }
    say(socket, event(2, asked.pattern));
  });
  const client = newClient(server.url);
  const [all, one] = [watch(client), watch(client, "x")];
  for (const { inbox } of [all, one]) {
    await inbox.until((events) => events.length === 2);
    expect(titles(inbox)).toEqual(["t1", "t2"]);
  }
  expect(server.asked.filter(({ type }) => type === "subscribe").map(({ since }) => since)).toEqual([
    undefined,
    "e1.1",
  ]);
  client.close();
});

test("of several that are asked for at once, one that is refused keeps nothing from the others", async () => {
  using server = scriptedSocket((asked, socket) => {
    const bad = asked.pattern.find((pattern) => pattern.startsWith("posts.bad"));
    if (bad === undefined) {
      grant(asked, socket);
      return say(socket, event(1, asked.pattern));
    }
    const good = asked.pattern.filter((pattern) => pattern !== bad);
    grant({ ...asked, pattern: good }, socket);
    // What comes before the refusal is seen comes again: it is asked for anew.
    say(socket, event(1, good));
    say(socket, { type: "error", id: asked.id, pattern: bad, code: "bad_pattern", message: "Bad.", retry: false });
  });
  const client = newClient(server.url);
  const [good, bad] = [watch(client), watch(client, "bad")];
  expect(await rejectionOf(bad.closed)).toMatchObject({ code: "invalid", message: "Bad." });
  await good.inbox.until((events) => events.length === 1);
  expect(titles(good.inbox)).toEqual(["t1"]);
  client.close();
});

test("a server that is busy is asked again when it says, and one that says no more is left for another connection", async () => {
  using server = scriptedSocket((asked, socket, connection) => {
    const before = server.asked.filter(({ type }) => type === "subscribe").length - 1;
    if (before === 0) {
      const error = { code: "limit_requests", message: "Slow.", retry: true, retryAfter: 0.01 };
      return say(socket, { type: "error", id: asked.id, ...error });
    }
    if (connection === 1) return socket.close(1012, "restart");
    grant(asked, socket);
    say(socket, event(1, asked.pattern));
  });
  const client = newClient(server.url);
  const { inbox } = watch(client);
  await inbox.until((events) => events.length === 1);
  expect(client.realtime().stats.reconnects).toBe(1);
  client.close();
});

test("a close that would come again is the end", async () => {
  using server = scriptedSocket((_, socket) => socket.close(1008, "flood"));
  const client = newClient(server.url);
  expect(await rejectionOf(watch(client).closed)).toMatchObject({
    code: "network",
    message: "the connection was closed (1008, flood)",
  });
  expect(client.realtime().state.kind).toBe("failed");
});

test("what can't be read is skipped with a warning, or the end in strict mode", async () => {
  using server = scriptedSocket((asked, socket) => {
    grant(asked, socket);
    socket.send("{half");
    say(socket, { type: "of another version" });
    say(socket, event(1, asked.pattern));
  });
  const lenient = newClient(server.url);
  const warnings: MonitorEvent[] = [];
  lenient.realtime().monitor((one) => one.kind === "warning" && warnings.push(one));
  await watch(lenient).inbox.until((events) => events.length === 1);
  expect(warnings).toMatchObject([{ error: { code: "malformed", text: "{half" } }]);
  lenient.close();
  expect(await rejectionOf(watch(newClient(server.url, { strict: true })).closed)).toMatchObject({
    code: "malformed",
    text: "{half",
  });
});

test("resyncs, broadcasts and places reach whom they are about", async () => {
  using server = scriptedSocket((asked, socket) => {
    grant(asked, socket);
    if (asked.pattern.length < 3) return;
    const [all, one, chat] = asked.pattern;
    say(socket, { type: "resync", reason: "visibility", patterns: [all], cursor: "e1.3" });
    say(socket, { type: "custom_event", channel: "chat", data: { text: "hi" }, patterns: [chat], cursor: "e1.4" });
    say(socket, { type: "custom_event", data: "to all", timestamp: "", cursor: "e1.5" });
    say(socket, event(6, [one!]));
  });
  const client = newClient(server.url);
  const [all, one] = [watch(client), watch(client, "x")];
  const [chat, everyone] = ["chat", "*"].map((name) => {
    const inbox = new Inbox<unknown>();
    client
      .realtime()
      .subscribe(name)
      .forEach((message) => inbox.push("data" in message ? message.data : message.action));
    return inbox;
  });
  await one.inbox.until((events) => events.length === 1);
  expect([titles(all.inbox), titles(one.inbox), chat!.items, everyone!.items]).toEqual([
    ["resync"],
    ["t6"],
    [{ text: "hi" }],
    ["to all"],
  ]);
  client.close();
});

test("a WebSocket is taken where the server offers one and something lets it through, a stream everywhere else", async () => {
  for (const [status, attempts] of [
    [404, 0],
    [426, 2],
  ] as const) {
    let upgrades = 0;
    using server = scriptedServer(({ method, target, headers }, reply) => {
      if (method === "POST") return reply.respond(204);
      if (target === "/api/realtime") return void reply.stream().greet();
      if (headers.get("upgrade") === null) return reply.respond(status);
      upgrades += 1;
      reply.respond(400, "a proxy of long ago");
    });
    const client = newClient(server.url, { transport: "auto" });
    await client.realtime().subscribe("x").ready;
    expect(upgrades).toBe(attempts);
    client.close();
  }
});
