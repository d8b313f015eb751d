import { expect, setDefaultTimeout, test } from "bun:test";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { type ScriptedResponse, type Script, scriptedServer } from "../../test/support/scripted-server.ts";
import { Client, type ClientOptions, memoryStore, type SubscriptionEvent } from "../index.ts";

setDefaultTimeout(60_000);

/** Short delays: these tests are not about backoff. */
const LIMITS = { minMs: 1, baseMs: 5, maxMs: 20 } as const;

/** Starts a stream. Returns what to send once the client has subscribed. */
type Stream = (reply: ScriptedResponse) => ((reply: ScriptedResponse) => unknown) | void;

/** Serves the streams in order, and the last one again and again. Accepts all subscriptions. */
function streams(...each: readonly [Stream, ...Stream[]]): Script {
  let count = 0;
  let continueStream: () => unknown = () => undefined;
  return ({ method }, reply) => {
    if (method === "POST") {
      reply.respond(204);
      continueStream();
      return;
    }
    const stream = each[Math.min(count, each.length - 1)]!;
    count += 1;
    const rest = stream(reply);
    continueStream = () => rest?.(reply);
  };
}

/** A valid stream that sends these bytes once the client has subscribed. */
const sending =
  (...parts: readonly (string | Uint8Array)[]): Stream =>
  (reply) => {
    reply.stream().greet();
    return () => {
      for (const part of parts) reply.raw(part);
    };
  };

const cutAfter =
  (part: string | Uint8Array, how: "end" | "destroy"): Stream =>
  (reply) => {
    reply.stream().greet();
    return () => reply.raw(part)[how]();
  };

const change = (seq: number, title = `t${seq}`): string =>
  `id:e1.${seq}\nevent:${NAME}\ndata:${JSON.stringify({ record: { id: "x", title }, action: "update" })}\n\n`;

const NAME = `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { transitions: "enter-leave" } }))}`;

interface Watched {
  readonly client: Client;
  readonly inbox: Inbox<SubscriptionEvent>;
  readonly closed: Promise<void>;
}

function watch(url: string, options: ClientOptions = {}): Watched {
  const client = new Client(url, { store: memoryStore(), limits: LIMITS, transport: "sse", ...options });
  const subscription = client.realtime().subscribeToCollection("posts", { check: false });
  const inbox = new Inbox<SubscriptionEvent>();
  subscription.forEach((event) => inbox.push(event));
  return { client, inbox, closed: subscription.closed };
}

const titleOf = (record: object): unknown => (record as Readonly<Record<string, unknown>>)["title"];

const titles = ({ items }: Inbox<SubscriptionEvent>): unknown[] =>
  items.map((event) => (event.action === "resync" ? "resync" : titleOf(event.record)));

const bodyOf = (text: string): { readonly since?: string; readonly subscriptions: string[] } =>
  JSON.parse(text) as { since?: string; subscriptions: string[] };

test("an event that is cut off is neither lost nor delivered twice", async () => {
  using server = scriptedServer(
    streams(cutAfter(change(1) + change(2).slice(0, 30), "end"), sending(change(2), change(3))),
  );
  const { client, inbox } = watch(server.url);
  await inbox.until((events) => events.length === 3);
  expect(titles(inbox)).toEqual(["t1", "t2", "t3"]);
  expect(server.requests.filter(({ method }) => method === "POST").map(({ body }) => bodyOf(body).since)).toEqual([
    undefined,
    "e1.1",
  ]);
  client.close();
});

test("the content type may have parameters, whose charset is ignored; other types are rejected", async () => {
  const types = ["text/x-bogus", "text/event-streams", "text/event-stream;charset=windows-1252", "Text/Event-Stream;"];
  for (const [i, type] of types.entries()) {
    using server = scriptedServer(
      streams(
        (reply) => {
          reply.stream({ "content-type": type }).greet();
          return () => reply.raw(change(1, "…")).end();
        },
        sending(change(2)),
      ),
    );
    const { client, inbox } = watch(server.url);
    await inbox.until((events) => events.length > (i < 2 ? 0 : 1));
    expect(titles(inbox)).toEqual(i < 2 ? ["t2"] : ["…", "t2"]);
    client.close();
  }
});

test("an event split inside a character arrives whole, and is sent again after a cut there", async () => {
  const bytes = new TextEncoder().encode(change(1, "naïve – 🦩"));
  const middle = bytes.indexOf(0xf0) + 2;
  using server = scriptedServer(
    streams(cutAfter(bytes.subarray(0, middle), "destroy"), sending(bytes.subarray(0, middle), bytes.subarray(middle))),
  );
  const { client, inbox } = watch(server.url);
  await inbox.until((events) => events.some(({ action }) => action === "update"));
  expect(titles(inbox)).toContain("naïve – 🦩");
  client.close();
});

test("a silent stream is replaced", async () => {
  using server = scriptedServer(streams(sending(change(1)), sending(change(2))));
  const { client, inbox } = watch(server.url, { quietMs: 200 });
  await inbox.until((events) => events.length === 2);
  expect(titles(inbox)).toEqual(["t1", "t2"]);
  expect(client.realtime().stats.reconnects).toBeGreaterThan(0);
  client.close();
});

test("a connection that doesn't open in time is retried", async () => {
  using server = scriptedServer(
    streams(
      (reply) => void reply.stream(),
      () => undefined,
      sending(change(1)),
    ),
  );
  const { client, inbox } = watch(server.url, { limits: { ...LIMITS, connectMs: 200 } });
  await inbox.until((events) => events.length === 1);
  expect(server.requests.filter(({ method }) => method === "GET").length).toBeGreaterThanOrEqual(3);
  client.close();
});

test("server errors and responses that are no streams are retried", async () => {
  using server = scriptedServer(
    streams(
      (reply) => reply.respond(500, "error"),
      (reply) => reply.respond(502, "<html>bad gateway</html>", { "content-type": "text/html" }),
      (reply) => reply.respond(503, "", { "retry-after": "0" }),
      (reply) => reply.respond(200, "<html>captive portal</html>", { "content-type": "text/html" }),
      (reply) => reply.respond(429, "", { "retry-after": "0" }),
      (reply) => reply.destroy(),
      (reply) => reply.raw("not HTTP\r\n\r\n").end(),
      sending(change(1)),
    ),
  );
  const { client, inbox } = watch(server.url);
  await inbox.until((events) => events.length === 1);
  expect(titles(inbox)).toEqual(["t1"]);
  client.close();
});

test("`Retry-After` is respected", async () => {
  using server = scriptedServer(streams((reply) => reply.respond(503, "", { "retry-after": "1" }), sending(change(1))));
  const from = performance.now();
  const { client, inbox } = watch(server.url);
  await inbox.until((events) => events.length === 1);
  expect(performance.now() - from).toBeGreaterThan(990);
  client.close();
});

test("a 204 ends the subscriptions, without a retry", async () => {
  using server = scriptedServer(streams((reply) => reply.respond(204)));
  const { client, closed } = watch(server.url);
  expect(await rejectionOf(closed)).toMatchObject({ code: "no-stream" });
  expect(client.realtime().state.kind).toBe("failed");
  expect(server.requests).toHaveLength(1);
});

test("a 404 ends the subscriptions", async () => {
  using server = scriptedServer(streams((reply) => reply.respond(404, `{"message":"not found","data":{}}`)));
  const { closed } = watch(server.url);
  expect(await rejectionOf(closed)).toMatchObject({ code: "not-found", status: 404, message: "not found" });
});

test("redirects are followed, and a redirect loop is retried", async () => {
  let count = 0;
  let stream: ScriptedResponse | undefined;
  using server = scriptedServer(({ method, target }, reply) => {
    if (method === "POST") {
      reply.respond(204);
      return void stream?.raw(change(1));
    }
    if (target === "/elsewhere") return void (stream = reply.stream().greet());
    count += 1;
    reply.respond(307, "", { location: count < 60 ? "/api/realtime" : "/elsewhere" });
  });
  const { client, inbox } = watch(server.url);
  await inbox.until((events) => events.length === 1);
  client.close();
});

test("the client reconnects if the server has lost its session, with a resync if the server keeps no log", async () => {
  let posts = 0;
  using server = scriptedServer(({ method }, reply) => {
    if (method === "GET") return void reply.stream().greet(`client${posts}`);
    posts += 1;
    if (posts !== 2) return reply.respond(204);
    reply.respond(404, `{"message":"Missing or invalid client id.","data":{}}`);
  });
  const { client, inbox } = watch(server.url);
  await new Promise<void>((resolve) => client.realtime().monitor(({ kind }) => kind === "latency" && resolve()));
  const other = client.realtime().subscribe("other");
  await other.ready;
  await inbox.until((events) => events.length === 1);
  expect(inbox.items[0]).toMatchObject({ action: "resync", reason: "reconnected" });
  client.close();
});

test("unless strict, invalid data is skipped with a warning that contains it", async () => {
  const bad = `event:${NAME}\ndata:{"record":{"id":\nid:e1.2\n\n`;
  using server = scriptedServer(
    streams(
      sending(`<br>
${bad}${change(3)}`),
    ),
  );
  const warnings: (string | undefined)[] = [];
  const client = new Client(server.url, { store: memoryStore(), limits: LIMITS, transport: "sse" });
  client.realtime().monitor((event) => event.kind === "warning" && warnings.push(event.error.text));
  const subscription = client.realtime().subscribeToCollection("posts", { check: false });
  for await (const event of subscription) {
    expect(event).toMatchObject({ record: { title: "t3" } });
    break;
  }
  expect(warnings[0]).toBe("<br>");
  expect(warnings[1]).toBe(`{"record":{"id":`);
});

test("in strict mode, invalid data is an error that contains it", async () => {
  for (const bad of [
    `event:${NAME}\ndata:{"record\nid:e1.2\n\n`,
    "retry:soon\n\n",
    `event:${NAME}\ndata:7\nid:e1.2\n\n`,
  ]) {
    using server = scriptedServer(streams(sending(bad)));
    const { client, closed } = watch(server.url, { strict: true });
    const error = (await rejectionOf(closed)) as { readonly code: string; readonly text: string };
    expect(error.code).toBe("malformed");
    expect(bad).toContain(error.text);
    expect(client.realtime().state.kind).toBe("failed");
  }
});

test("after a failure, a new subscription connects again", async () => {
  using server = scriptedServer(
    streams(
      (reply) => reply.respond(204),
      (reply) => void reply.stream().greet(),
    ),
  );
  const { client, closed } = watch(server.url);
  await rejectionOf(closed);
  await client.realtime().subscribe("again").ready;
  client.close();
});

test("closing the client closes the connection and ends all loops", async () => {
  const ended = Promise.withResolvers<void>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      if (request.method === "POST") return new Response(null, { status: 204 });
      request.signal.addEventListener("abort", () => ended.resolve());
      const greeting = new TextEncoder().encode("id:c\nevent:PB_CONNECT\ndata:{}\n\n");
      const body = new ReadableStream({ start: (controller) => controller.enqueue(greeting) });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
  });
  const client = new Client(server.url.href, { store: memoryStore(), limits: LIMITS, transport: "sse" });
  const subscription = client.realtime().subscribe("x");
  await subscription.ready;
  const reading = rejectionOf(
    (async () => {
      for await (const _ of subscription) throw new Error("nothing was sent");
    })(),
  );
  client.close();
  expect(await reading).toMatchObject({ code: "aborted" });
  await ended.promise;
  await server.stop(true);
});
