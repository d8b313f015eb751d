import type { Api } from "../api/create-api.ts";
import type { BackgroundWork } from "../lib/scheduling/background-work.ts";
import type { Tasks } from "../tasks/tasks.ts";
import type { SearchIndexer } from "../records/search/search-indexer.ts";
import type { Folder } from "./folder.ts";
import type { LogReaders } from "./log-readers.ts";
import type { Realtime } from "./realtime.ts";

/** How long running requests, tasks and hooks may take to finish, in milliseconds. */
const GRACE_MS = 3_000;

export interface CloseOptions {
  readonly api: Api;
  /** `undefined` if the app never listened. */
  readonly server: Bun.Server<unknown> | undefined;
  readonly realtime: Realtime;
  readonly tasks: Tasks;
  readonly readers: LogReaders;
  readonly stopMaintenance: () => void;
  readonly stopThumbs: () => Promise<void>;
  readonly stopUploads: () => void;
  readonly indexer: SearchIndexer;
  readonly backgroundWork: BackgroundWork;
  readonly folder: Folder;
  /** The longest that ending all connections may take, in milliseconds. */
  readonly drainMs: number;
}

/** Stops in the order of the data: requests, then what they wrote, then the connections that receive it, then the folder. */
export async function closeApp(app: CloseOptions): Promise<void> {
  const {
    api,
    server,
    realtime,
    tasks,
    readers,
    stopMaintenance,
    stopThumbs,
    stopUploads,
    backgroundWork,
    folder,
    drainMs,
  } = app;
  api.drain();
  const stopped = server?.stop();
  realtime.presence.stop();
  stopMaintenance();
  stopUploads();
  await Promise.all([api.idle(GRACE_MS), tasks.stop(GRACE_MS)]);
  await stopThumbs();
  await app.indexer.stop();
  await readers.afterHooks.stop(GRACE_MS);
  await readers.tail.stop();
  await readers.eraser.stop();
  await realtime.liveness.endAll(drainMs);
  await backgroundWork.done();
  await server?.stop(true);
  await stopped;
  await folder.close();
}
