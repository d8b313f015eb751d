import { expect, test } from "bun:test";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import pino from "pino";
import { CountCache } from "../records/query/count-cache.ts";
import { createImports } from "../app/queries.ts";
import { createBodies } from "../app/bodies.ts";
import { openFolder } from "../app/folder.ts";
import { openRealtime } from "../app/realtime.ts";
import { createSync } from "../app/sync.ts";
import { openTasks } from "../app/tasks.ts";
import { createThumbs } from "../app/thumbs.ts";
import { createUploads } from "../app/uploads.ts";
import { Tokens } from "../auth/tokens.ts";
import { readConfig } from "../config.ts";
import { StreamedAnswers } from "../http/streamed-json.ts";
import { CustomRoutes } from "../http/custom-routes.ts";
import { Metrics } from "../metrics/metrics.ts";
import { HookRegistry } from "../records/model/hook-registry.ts";
import { CurrentSettings } from "../settings/current-settings.ts";
import { createApi } from "./create-api.ts";

test("a draining API finishes running requests and refuses new ones", async () => {
  const folder = await openFolder(testDir());
  const [config, logger, metrics] = [readConfig({}, {}), pino({ level: "silent" }), new Metrics()];
  const realtime = await openRealtime({ config, logger, folder, metrics });
  const context = {
    ...folder,
    ...realtime,
    ...createSync(realtime.hub, realtime.connectionLog),
    tokens: new Tokens(),
    tasks: await openTasks({ config, logger, store: folder.store, metrics }),
    hooks: new HookRegistry(),
    metrics,
    settings: await CurrentSettings.open(folder.store, ""),
    config,
    streamedAnswers: new StreamedAnswers(0),
    imports: createImports(config, metrics),
    counts: new CountCache(),
    bodies: createBodies(config, folder.spool, metrics),
    thumbs: createThumbs(config, logger, folder, metrics).thumbs,
    ...(await createUploads(config, logger, folder, metrics)),
    logger,
    startedAt: new Date(),
    now: () => new Date(),
    background: () => {},
  };
  const api = createApi(context, new CustomRoutes());
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
  await realtime.liveness.endAll(0);
  await folder.close();
});
