import * as collections from "./collections.ts";
import * as connections from "./connections.ts";
import * as files from "./files.ts";
import { onCurrentSchema } from "../http/retry-on-schema-change.ts";
import { superusersOnly } from "../http/guards.ts";
import { health } from "./health.ts";
import { metrics } from "../metrics/metrics.ts";
import { realtimeRoutes } from "./realtime.ts";
import * as recordAuth from "./record-auth.ts";
import { replicacheRoutes } from "./replicache.ts";
import * as records from "./records.ts";
import * as tasks from "./tasks.ts";
import { versionStream } from "./version.ts";
import { socketRoutes } from "./socket.ts";
import { del, get, patch, post, put, type Route } from "../http/route.ts";

const COLLECTION = "/api/collections/:collection";
const CONNECTION = "/api/realtime/connections/:connection";
const RECORDS = `${COLLECTION}/records`;

/** All that the server answers to. Of two routes that match a path, the first counts. */
export const routes: readonly Route[] = [
  get("/api/health", health),

  get("/api/collections", superusersOnly(collections.list)),
  post("/api/collections", superusersOnly(collections.create)),
  put("/api/collections/import", superusersOnly(collections.importAll)),
  get("/api/collections/meta/scaffolds", superusersOnly(collections.scaffolds)),
  get(COLLECTION, superusersOnly(collections.view)),
  patch(COLLECTION, superusersOnly(collections.update)),
  del(COLLECTION, superusersOnly(collections.remove)),

  get(RECORDS, records.list),
  get(`${RECORDS}/:id`, records.view),
  post(RECORDS, onCurrentSchema(records.create), { bodyLimit: records.bodyLimit }),
  patch(`${RECORDS}/:id`, onCurrentSchema(records.update), { bodyLimit: records.bodyLimit }),
  del(`${RECORDS}/:id`, onCurrentSchema(records.remove)),

  get(`${COLLECTION}/auth-methods`, recordAuth.methods),
  post(`${COLLECTION}/auth-with-password`, recordAuth.withPassword),
  post(`${COLLECTION}/auth-refresh`, recordAuth.refresh),
  post(`${COLLECTION}/impersonate/:id`, superusersOnly(recordAuth.impersonate)),

  post("/api/files/token", files.createToken),
  get("/api/files/:collection/:id/:name", files.download),

  ...realtimeRoutes,
  ...replicacheRoutes,
  ...socketRoutes,
  get("/api/realtime/connections", superusersOnly(connections.list)),
  get(CONNECTION, superusersOnly(connections.view)),
  get(`${CONNECTION}/why`, superusersOnly(connections.why)),
  get("/api/metrics", superusersOnly(metrics)),

  get("/api/tasks", superusersOnly(tasks.list)),
  post("/api/tasks", tasks.start),
  get("/api/tasks/:id", tasks.view),
  post("/api/tasks/:id/cancel", tasks.cancel),
  get("/api/tasks/:id/stream", tasks.stream),
  get("/api/utils/version/stream", versionStream),
];
