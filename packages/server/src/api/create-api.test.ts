import { expect, test } from "bun:test";
import { epoch } from "@headwater/protocol";
import pino from "pino";
import { Tokens } from "../auth/tokens.ts";
import { readConfig } from "../config.ts";
import { Channels } from "../visibility/channels.ts";
import { EventVisibility } from "../visibility/event-visibility.ts";
import { openFolder } from "../app/folder.ts";
import { ConnectionLimiter } from "../connections/connection-limiter.ts";
import { Hub } from "../hub/hub.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import { TurnLimiter } from "../lib/turn-limiter.ts";
import { Metrics } from "../metrics/metrics.ts";
import { HookRegistry } from "../records/model/hook-registry.ts";
import { Tasks } from "../tasks/tasks.ts";
import { EventStreams } from "../transports/event-streams.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { CustomRoutes } from "../http/custom-routes.ts";
import { createApi } from "./create-api.ts";
import { Mutators } from "../sync/mutators.ts";
import { PokeRegistry } from "../connections/poke-registry.ts";
import { StreamTickets } from "../connections/stream-tickets.ts";

test("an API that drains finishes what it began and takes nothing new", async () => {
  const folder = await openFolder(testDir());
  const api = createApi({
    ...folder,
    tokens: new Tokens(),
    epoch: epoch("e"),
    hub: new Hub({
      epoch: epoch("e"),
      visibility: NOBODY,
      head: 0,
      log: { head: async () => 0, trimmedTo: async () => 0, range: async () => [] },
      maxQueueBytes: 1,
      onError: () => {},
    }),
    authRevision: { count: 0 },
    connectionLimiter: new ConnectionLimiter({ total: 0, perAddress: 0 }),
    setupLimiter: new TurnLimiter(1, 1),
    metrics: new Metrics(),
    visibility: new EventVisibility({
      reader: folder.store,
      schema: () => folder.registry.current,
      files: folder.files,
      channels: new Channels(""),
    }),
    customRoutes: new CustomRoutes(),
    hooks: new HookRegistry(),
    mutators: new Mutators(),
    sync: { pokes: new PokeRegistry(), tickets: new StreamTickets(), pullQueue: new KeyedQueue(), pushQueue: new KeyedQueue() },
    tasks: new Tasks(folder.store, () => {}),
    eventStreams: new EventStreams(30_000),
    startedAt: new Date(),
    config: readConfig({}, {}),
    logger: pino({ level: "silent" }),
    now: () => new Date(),
    background: () => {},
  });
  using server = Bun.serve({ port: 0, fetch: async (request, self) => (await api.fetch(request, self))! });
  let body!: ReadableStreamDefaultController<Uint8Array>;
  const slow = api.fetch(
    new Request(new URL("/api/collections/users/auth-with-password", server.url).href, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) }),
    }),
    server,
  );

  api.drain();
  const refused = await fetch(new URL("/api/health", server.url));
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 6);
  expect(await refused.json()).toMatchObject({ status: 503, data: {} });

  let isIdle = false;
  const idle = api.idle(60_000).then(() => (isIdle = true));
  body.enqueue(new TextEncoder().encode('{"identity":"a","password":"b"}'));
  expect(isIdle).toBe(false);
  body.close();
  expect((await slow)?.status).toBe(400);
  await idle;
  await api.idle(0);
  await folder.close();
});

const NOBODY = {
  topicsOf: () => [],
  audiencesOf: () => [],
  routingValues: async () => [],
  eventFor: async () => undefined,
  principalKey: () => "",
  visibilityChanges: async () => [],
  captureListener: () => async () => [],
  mayChangeVisibility: () => false,
};
