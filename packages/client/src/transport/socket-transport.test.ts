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

type ClientRequest = {
  readonly type: string;
  readonly id: number;
  readonly pattern: readonly string[];
  readonly since?: string;
};
type Script = (request: ClientRequest, socket: ServerWebSocket<number>, connection: number) => void;

const send = (socket: ServerWebSocket<number>, message: object): void => void socket.send(JSON.stringify(message));

const accept = ({ id, pattern }: ClientRequest, socket: ServerWebSocket<number>): void => {
  for (const one of pattern) send(socket, { type: "subscribed", id, pattern: one, kind: "collection" });
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

/** A server that accepts connections, `unsubscribe` and `auth`, and handles other requests as the script says. */
function scriptedSocket(
  script: Script,
): { readonly url: string; readonly requests: readonly ClientRequest[] } & Disposable {
  const requests: ClientRequest[] = [];
  let connections = 0;
  const server = Bun.serve<number>({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (upgrade, self) => (self.upgrade(upgrade, { data: (connections += 1) }) ? undefined : new Response("")),
    websocket: {
      open: (socket) =>
        send(socket, {
          type: "connected",
          connectionId: `c${socket.data}`,
          cursor: "e1.0",
          auth: null,
          limits: { subscriptions: 100 },
        }),
      message(socket, text) {
        const message = JSON.parse(String(text)) as ClientRequest;
        requests.push(message);
        if (message.type === "unsubscribe")
          for (const pattern of message.pattern) send(socket, { type: "unsubscribed", id: message.id, pattern });
        else if (message.type === "auth") send(socket, { type: "authenticated", id: message.id, auth: null });
        else script(message, socket, socket.data);
      },
    },
  });
  return { url: server.url.href, requests, [Symbol.dispose]: () => void server.stop(true) };
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

test("a message for two subscriptions becomes one event for each, and a reconnect between messages loses nothing", async () => {
  using server = scriptedSocket((request, socket, connection) => {
    accept(request, socket);
    if (connection === 1) {
      send(socket, event(1, request.pattern));
      return socket.terminate();
    }
    send(socket, event(2, request.pattern));
  });
  const client = newClient(server.url);
  const [all, one] = [watch(client), watch(client, "x")];
  for (const { inbox } of [all, one]) {
    await inbox.until((events) => events.length === 2);
    expect(titles(inbox)).toEqual(["t1", "t2"]);
  }
  expect(server.requests.filter(({ type }) => type === "subscribe").map(({ since }) => since)).toEqual([
    undefined,
    "e1.1",
  ]);
  client.close();
});

test("a pattern that is rejected doesn't affect the others in the same request", async () => {
  using server = scriptedSocket((request, socket) => {
    const bad = request.pattern.find((pattern) => pattern.startsWith("posts.bad"));
    if (bad === undefined) {
      accept(request, socket);
      return send(socket, event(1, request.pattern));
    }
    const good = request.pattern.filter((pattern) => pattern !== bad);
    accept({ ...request, pattern: good }, socket);
    // This event is sent again, because the client repeats the request without the bad pattern.
    send(socket, event(1, good));
    send(socket, { type: "error", id: request.id, pattern: bad, code: "bad_pattern", message: "Bad.", retry: false });
  });
  const client = newClient(server.url);
  const [good, bad] = [watch(client), watch(client, "bad")];
  expect(await rejectionOf(bad.closed)).toMatchObject({ code: "invalid", message: "Bad." });
  await good.inbox.until((events) => events.length === 1);
  expect(titles(good.inbox)).toEqual(["t1"]);
  client.close();
});

test("a busy server is retried after its delay, and a closed connection is replaced", async () => {
  using server = scriptedSocket((request, socket, connection) => {
    const before = server.requests.filter(({ type }) => type === "subscribe").length - 1;
    if (before === 0) {
      const error = { code: "limit_requests", message: "Slow down.", retry: true, retryAfter: 0.01 };
      return send(socket, { type: "error", id: request.id, ...error });
    }
    if (connection === 1) return socket.close(1012, "restart");
    accept(request, socket);
    send(socket, event(1, request.pattern));
  });
  const client = newClient(server.url);
  const { inbox } = watch(client);
  await inbox.until((events) => events.length === 1);
  expect(client.realtime().stats.reconnects).toBe(1);
  client.close();
});

test("the client doesn't reconnect after a permanent close code", async () => {
  using server = scriptedSocket((_, socket) => socket.close(1008, "flood"));
  const client = newClient(server.url);
  expect(await rejectionOf(watch(client).closed)).toMatchObject({
    code: "network",
    message: "the connection was closed (1008, flood)",
  });
  expect(client.realtime().state.kind).toBe("failed");
});

test("invalid messages are skipped with a warning, or end the connection in strict mode", async () => {
  using server = scriptedSocket((request, socket) => {
    accept(request, socket);
    socket.send("{half");
    send(socket, { type: "from-another-version" });
    send(socket, event(1, request.pattern));
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

test("resyncs, broadcasts and cursors reach the right subscriptions", async () => {
  using server = scriptedSocket((request, socket) => {
    accept(request, socket);
    if (request.pattern.length < 3) return;
    const [all, one, chat] = request.pattern;
    send(socket, { type: "resync", reason: "visibility", patterns: [all], cursor: "e1.3" });
    send(socket, { type: "custom_event", channel: "chat", data: { text: "hi" }, patterns: [chat], cursor: "e1.4" });
    send(socket, { type: "custom_event", data: "for everyone", timestamp: "", cursor: "e1.5" });
    send(socket, event(6, [one!]));
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
    ["for everyone"],
  ]);
  client.close();
});

test("auto uses a stream if the server has no WebSocket, or after two failed attempts", async () => {
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
      reply.respond(400, "proxy without WebSocket support");
    });
    const client = newClient(server.url, { transport: "auto" });
    await client.realtime().subscribe("x").ready;
    expect(upgrades).toBe(attempts);
    client.close();
  }
});
