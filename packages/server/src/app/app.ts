import type { Logger } from "pino";
import { COLLECTIONS, isForeignWrite } from "../collections/model/log-collection-change.ts";
import { createApi } from "../api/create-api.ts";
import { Tokens } from "../auth/tokens.ts";
import type { Config } from "../config.ts";
import type { PokeRegistry } from "../connections/pokes/poke-registry.ts";
import { CustomRoutes } from "../http/custom-routes.ts";
import type { Hub } from "../hub/hub.ts";
import { BackgroundWork } from "../lib/scheduling/background-work.ts";
import type { Follower } from "../log/tail.ts";
import { Metrics } from "../metrics/metrics.ts";
import type { Presence } from "../presence/presence.ts";
import type { HookRegistry } from "../records/model/hook-registry.ts";
import { CountCache } from "../records/query/count-cache.ts";
import type { SearchIndexer } from "../records/search/search-indexer.ts";
import type { Principal } from "../rules/principal.ts";
import type { CurrentSettings } from "../settings/current-settings.ts";
import { isSettingsChange } from "../settings/settings-table.ts";
import type { Mutators } from "../sync/mutators.ts";
import type { PokeRules } from "../sync/poke-rules.ts";
import type { Tasks } from "../tasks/tasks.ts";
import type { Channels } from "../visibility/channels/channels.ts";
import { followAccountChange, followCollectionChange, followSettingsChange } from "./auth-revision.ts";
import { createBodies } from "./bodies.ts";
import { closeApp } from "./close.ts";
import { type Folder, lockDataFolder, openFolder } from "./folder.ts";
import { createHooks } from "./hooks.ts";
import { listen } from "./listen.ts";
import { openLogReaders } from "./log-readers.ts";
import { startMaintenance } from "./maintenance.ts";
import { openRealtime, type Realtime } from "./realtime.ts";
import { createSync } from "./sync.ts";
import { createImports, createStreamedAnswers, observeReaders, observeScripts, storeOptions } from "./queries.ts";
import { startSearchIndexer } from "./search.ts";
import { observeStorage, openStorage, watchS3 } from "./storage.ts";
import { openTasks } from "./tasks.ts";
import { createThumbs } from "./thumbs.ts";
import { createUploads } from "./uploads.ts";

/** A server that is built but does not accept connections until `listen`. */
export interface App {
  readonly folder: Folder;
  readonly settings: CurrentSettings;
  /** What the application registers; empty at first. */
  readonly hooks: HookRegistry;
  readonly customRoutes: CustomRoutes;
  readonly channels: Channels;
  readonly rooms: Channels;
  readonly pokes: PokeRegistry;
  readonly pokeRules: PokeRules;
  readonly mutators: Mutators;
  readonly tasks: Tasks;
  readonly presence: Presence<Principal>;
  readonly hub: Hub<Principal>;
  /** Runs work that nobody waits for, except `close`. */
  readonly background: (work: () => Promise<void>) => void;
  /** @throws UserError if the address can't be used */
  listen(): { readonly url: string };
  /**
   * Refuses new requests, finishes running ones, delivers the last changes, then ends the connections one after another,
   * so that their clients don't all reconnect in the same instant, and checkpoints the database.
   */
  close(): Promise<void>;
}

/** Opens a folder and builds a server on it. @throws UserError if the folder can't be served */
export async function openApp(config: Config, logger: Logger): Promise<App> {
  const unlock = lockDataFolder(config.dir);
  try {
    const { clientFilters } = config;
    const folder = await openFolder(config.dir, {
      ...storeOptions(config),
      clientFilters,
      s3: watchS3(config, logger),
    });
    const app = await buildApp(config, logger, folder).catch(async (error: unknown) => {
      await folder.close();
      throw error;
    });
    return { ...app, close: () => app.close().finally(unlock) };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The only place that knows all subsystems. */
async function buildApp(config: Config, logger: Logger, folder: Folder): Promise<App> {
  const { store } = folder;
  const settings = await openStorage(config, logger, folder);
  const backgroundWork = new BackgroundWork((error) => logger.error({ err: error }, "background work failed"));
  const background = (work: () => Promise<void>): void => backgroundWork.run(work);
  const customRoutes = new CustomRoutes();
  const metrics = new Metrics();
  const hooks = createHooks(config, metrics);
  const realtime = await openRealtime({ config, logger, folder, metrics });
  const sync = createSync(realtime.hub, realtime.connectionLog);
  const tasks = await openTasks({ config, logger, store, metrics });
  const { channels, rooms, presence, hub, tailRegistry, head } = realtime;
  const indexer = await startSearchIndexer(folder, logger);
  const followers = createFollowers(folder, settings, realtime, sync, tasks, indexer);
  const readers = openLogReaders({ logger, folder, hooks, tailRegistry, head, followers });
  const stopMaintenance = startMaintenance({ config, logger, folder, readers, tasks, metrics, background });
  observeReaders(store, metrics);
  observeScripts(folder, metrics);
  observeStorage(folder, metrics);
  const streamedAnswers = createStreamedAnswers(config, metrics);
  const imports = createImports(config, metrics);
  const bodies = createBodies(config, folder.spool, metrics);
  const { thumbs, stopThumbs } = createThumbs(config, logger, folder, metrics);
  const { stopUploads, ...pending } = await createUploads(config, logger, folder, metrics);
  const shared = { settings, tasks, hooks, metrics, config, logger, background };
  const answers = { streamedAnswers, imports, counts: new CountCache(), bodies, thumbs };
  const context = { ...folder, ...realtime, ...sync, ...shared, ...answers, ...pending };
  const clock = { startedAt: new Date(), now: () => new Date() };
  const api = createApi({ ...context, ...clock, tokens: new Tokens() }, customRoutes);
  const stops = { stopMaintenance, stopThumbs, stopUploads };
  const parts = { api, realtime, tasks, readers, indexer, backgroundWork, folder, ...stops };
  let server: Bun.Server<unknown> | undefined;

  return {
    folder,
    settings,
    hooks,
    customRoutes,
    channels,
    rooms,
    pokes: sync.pokes,
    pokeRules: sync.pokeRules,
    mutators: sync.mutators,
    tasks,
    presence,
    hub,
    background,
    listen() {
      server = listen(config, api, realtime.liveness.websocket, logger);
      background(() => tasks.startRunner());
      return { url: server.url.href.replace(/\/$/, "") };
    },
    close: () => closeApp({ ...parts, server, drainMs: config.drainMs }),
  };
}

/** Everything that happens because of a write happens here, after the commit and in the order of the log. */
function createFollowers(
  folder: Folder,
  settings: CurrentSettings,
  { presence, hub, authRevision, tailRegistry, streamOwners }: Realtime,
  sync: ReturnType<typeof createSync>,
  tasks: Tasks,
  indexer: SearchIndexer,
): readonly Follower[] {
  const authFollowers = { folder, tailRegistry, hub, authRevision, streamOwners };
  return [
    async (change) => {
      if (!isSettingsChange(change) && !isForeignWrite(change)) return;
      await settings.reload();
      followSettingsChange(authFollowers, settings);
    },
    (change) => followCollectionChange(change, authFollowers),
    (change) => (change.collection === COLLECTIONS ? indexer.wake() : undefined),
    (change) => followAccountChange(change, authFollowers),
    () => presence.revalidate(authRevision.current),
    (change) => hub.fanOut(change),
    (change) => sync.pokes.follow(change, tailRegistry.current),
    (change) => tasks.histories.follow(change),
  ];
}
