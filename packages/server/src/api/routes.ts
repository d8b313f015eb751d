import { ownCollectionOnly, signedIn, superusersOnly } from "../http/guards.ts";
import { createRouter, del, get, patch, post, put, type Route } from "../http/route.ts";
import { withSchemaRetry } from "../http/schema-retry.ts";
import { aggregate } from "./aggregates/aggregate.ts";
import type { ApiContext } from "./api-context.ts";
import * as batch from "./batch/batch.ts";
import * as collections from "./collections.ts";
import * as connections from "./connections.ts";
import { dryRunView } from "./dry-run-view.ts";
import * as files from "./files.ts";
import * as health from "./health.ts";
import * as history from "./kept/history.ts";
import * as trash from "./kept/trash.ts";
import * as metrics from "./metrics.ts";
import * as realtime from "./realtime.ts";
import * as recordAuth from "./record-auth.ts";
import * as records from "./records.ts";
import * as pokes from "./pokes.ts";
import * as replicache from "./replicache.ts";
import * as settings from "./settings/settings.ts";
import { testS3 } from "./settings/test-s3.ts";
import { indexAdvice } from "./schema/index-advice.ts";
import { runSql } from "./schema/sql.ts";
import { exportRows } from "./transfer/export.ts";
import { bodyLimit as importLimit, importRows } from "./transfer/import.ts";
import * as tasks from "./tasks.ts";
import { presign } from "./uploads/presign.ts";
import * as tus from "./uploads/tus.ts";
import { TUS_HEADERS } from "./uploads/tus-headers.ts";
import * as version from "./version.ts";
import * as websocket from "./websocket.ts";

const COLLECTION = "/api/collections/:collection";
const CONNECTION = "/api/realtime/connections/:connection";
const RECORDS = `${COLLECTION}/records`;
const UPLOADS = `${COLLECTION}/uploads`;
const UPLOAD = `${UPLOADS}/:id`;
const REPLICACHE = "/api/v1/replicache";

/** What is announced bounds an upload. */
const unlimited = (): number => Infinity;

/** All built-in endpoints. If several routes match a path, the first wins. */
const routes: readonly Route<ApiContext>[] = [
  get("/api/health", health.view),

  get("/api/settings", superusersOnly(settings.view)),
  patch("/api/settings", superusersOnly(settings.update)),
  post("/api/settings/test/s3", superusersOnly(testS3)),

  post("/api/batch", withSchemaRetry(batch.create), { bodyLimit: batch.bodyLimit }),

  get("/api/collections", superusersOnly(collections.list)),
  post("/api/collections", superusersOnly(collections.create)),
  put("/api/collections/import", superusersOnly(collections.importAll)),
  post("/api/sql", superusersOnly(runSql)),
  post("/api/collections/meta/dry-run-view", superusersOnly(dryRunView)),
  get("/api/collections/meta/oauth2-providers", superusersOnly(collections.oauth2Providers)),
  get("/api/collections/meta/index-advice", superusersOnly(indexAdvice)),
  get("/api/collections/meta/scaffolds", superusersOnly(collections.scaffolds)),
  get(COLLECTION, superusersOnly(collections.view)),
  patch(COLLECTION, superusersOnly(collections.update)),
  del(COLLECTION, superusersOnly(collections.remove)),
  del(`${COLLECTION}/truncate`, superusersOnly(withSchemaRetry(records.truncate))),

  get(RECORDS, records.list),
  get(`${COLLECTION}/aggregate`, aggregate),
  get(`${COLLECTION}/export`, superusersOnly(exportRows)),
  post(`${COLLECTION}/import`, superusersOnly(importRows), { bodyLimit: importLimit }),
  get(`${RECORDS}/:id`, records.view),
  post(RECORDS, withSchemaRetry(records.create), { bodyLimit: records.bodyLimit }),
  patch(`${RECORDS}/:id`, withSchemaRetry(records.update), { bodyLimit: records.bodyLimit }),
  del(`${RECORDS}/:id`, withSchemaRetry(records.remove)),

  post(`${RECORDS}/:id/restore`, withSchemaRetry(trash.restore)),
  get(`${COLLECTION}/trash`, trash.list),
  del(`${COLLECTION}/trash/:id`, superusersOnly(withSchemaRetry(trash.purge))),
  get(`${RECORDS}/:id/history`, history.list),
  post(`${RECORDS}/:id/history/:version/restore`, withSchemaRetry(history.restore)),

  post(UPLOADS, tus.create, { bodyLimit: unlimited, headers: TUS_HEADERS }),
  post(`${UPLOADS}/presign`, presign),
  get(UPLOAD, tus.view, { headers: TUS_HEADERS }),
  patch(UPLOAD, tus.append, { bodyLimit: unlimited, headers: TUS_HEADERS }),
  post(UPLOAD, tus.override, { bodyLimit: unlimited, headers: TUS_HEADERS }),
  del(UPLOAD, tus.remove, { headers: TUS_HEADERS }),

  get(`${COLLECTION}/auth-methods`, recordAuth.methods),
  post(`${COLLECTION}/auth-with-password`, recordAuth.withPassword),
  post(`${COLLECTION}/auth-refresh`, ownCollectionOnly(recordAuth.refresh)),
  post(`${COLLECTION}/impersonate/:id`, superusersOnly(recordAuth.impersonate)),

  post("/api/files/token", signedIn(files.createToken)),
  get("/api/files/:collection/:id/:name", files.download),

  get("/api/realtime", realtime.connect),
  post("/api/realtime", realtime.setSubscriptions, { bodyLimit: realtime.subscriptionsBodyLimit }),
  get("/realtime/subscribe", websocket.connect),
  get("/api/realtime/connections", superusersOnly(connections.list)),
  get(CONNECTION, superusersOnly(connections.view)),
  get(`${CONNECTION}/why`, superusersOnly(connections.why)),
  get("/api/metrics", superusersOnly(metrics.view)),

  post(`${REPLICACHE}/push`, signedIn(replicache.push), { bodyLimit: replicache.pushBodyLimit }),
  post(`${REPLICACHE}/pull`, signedIn(replicache.pull)),
  get(`${REPLICACHE}/stream`, replicache.stream),
  // The stream's former path.
  get(`${REPLICACHE}/events`, replicache.stream),
  post(`${REPLICACHE}/ticket`, signedIn(replicache.issueTicket)),
  post(`${REPLICACHE}/poke-user`, signedIn(pokes.pokeUser)),
  get(`${REPLICACHE}/stats`, signedIn(replicache.stats)),

  get("/api/tasks", superusersOnly(tasks.list)),
  post("/api/tasks", tasks.start),
  get("/api/tasks/:id", tasks.view),
  post("/api/tasks/:id/cancel", tasks.cancel),
  get("/api/tasks/:id/stream", tasks.stream),
  get("/api/utils/version/stream", version.stream),
];

export const findBuiltInRoute = createRouter(routes);
