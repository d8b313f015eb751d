import type { Logger } from "pino";
import { createApi } from "../api/create-api.ts";
import { CustomRoutes } from "../http/custom-routes.ts";
import { Metrics } from "../metrics/metrics.ts";
import { SyncStreams } from "../connections/poke-streams.ts";
import { SyncTickets } from "../connections/stream-tickets.ts";
import { Tokens } from "../auth/tokens.ts";
import { Registry } from "../collections/model/registry.ts";
import type { Config } from "../config.ts";
import { Channels } from "../visibility/channels.ts";
import { EventVisibility } from "../visibility/event-visibility.ts";
import { claimFolder, type Folder, openFolder } from "./folder.ts";
import { Admission } from "../hub/admission.ts";
import { Hub } from "../hub/hub.ts";
import { BackgroundWork } from "../lib/background-work.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import { TurnLimiter } from "../lib/turn-limiter.ts";
import { listen } from "./listen.ts";
import { readEpoch, readFloor, readHead, readSpan } from "../log/change-log.ts";
import { startRetention } from "../log/retention.ts";
import { type Follower, LogTail } from "../log/tail.ts";
import { Presence } from "../presence/presence.ts";
import { HookTail } from "../records/hooks/hook-tail.ts";
import { Hooks } from "../records/model/hook-registry.ts";
import { refreshCollections, reviseSessions } from "./auth-revisions.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { startSyncExpiration } from "../sync/expiration.ts";
import { Mutators } from "../sync/mutators.ts";
import { TASKS } from "../tasks/task-event.ts";
import { Tasks } from "../tasks/tasks.ts";
import { drain, sessionsToDrain } from "../transports/drain.ts";
import { EventStreams } from "../transports/event-streams.ts";
import { startHeartbeat } from "../transports/heartbeat.ts";
import { openSockets } from "../transports/socket.ts";

/** Bytes that may wait for one stream before it is closed and must come back. */
const MAX_QUEUE_BYTES = 256 << 10;
/** Streams and subscriptions that are set up in one turn of the loop, about three milliseconds' work. */
const SETUPS_PER_TURN = 32;
/** What in-flight requests get to finish in when the server stops, in milliseconds. */
const GRACE_MS = 3_000;

/** A server, built and joined; it hears nobody until `listen`. */
export interface App {
  readonly folder: Folder;
  /** What the application brings, empty at first. */
  readonly hooks: Hooks;
  readonly customRoutes: CustomRoutes;
  readonly channels: Channels;
  readonly presence: Presence<Principal>;
  /** Who is connected. */
  readonly hub: Hub<Principal>;
  readonly mutators: Mutators;
  readonly tasks: Tasks;
  /** Takes over work that nobody waits for, except `close`. */
  readonly background: (work: () => Promise<void>) => void;
  /** @throws UserError when the address can't be had */
  listen(): { readonly url: string };
  /**
   * Stops: no new connections, requests under way finish, the last changes go out, streams end one after the other so
   * that their clients do not come back in one instant, the database is checkpointed.
   */
  close(): Promise<void>;
}

/**
 * Opens the folder and joins all parts: the only place that knows everybody.
 *
 * @throws UserError when the folder can't be served
 */
export async function openApp(config: Config, logger: Logger): Promise<App> {
  const release = claimFolder(config.dir);
  try {
    return await joinParts(config, logger, await openFolder(config.dir), release);
  } catch (error) {
    release();
    throw error;
  }
}

async function joinParts(config: Config, logger: Logger, folder: Folder, release: () => void): Promise<App> {
  const { store, registry, files } = folder;
  const backgroundWork = new BackgroundWork((error) => logger.error({ err: error }, "background work failed"));
  // The collections as the tail has come to know them: audiences are sorted by these, so they change together.
  const followed = new Registry();
  followed.replace(registry.current);
  const channels = new Channels(config.channels === "declared" ? null : "");
  const visibility = new EventVisibility({ reader: store, schema: () => followed.current, files, channels });
  const metrics = new Metrics();
  const [epoch, head] = [await readEpoch(store), await readHead(store)];
  const presence = new Presence<Principal>({
    accountOf: (principal) => (principal.kind === "guest" ? undefined : principalKey(principal)),
    authOf: (principal) =>
      principal.kind === "guest" ? null : { collection: principal.collection.name, id: principal.values.id },
    roomOf: (subscription) => visibility.roomOf(subscription),
    mayListen: (subscription, principal) => visibility.mayAttend(subscription, principal),
    graceMs: config.presenceGraceMs,
    onError: (error) => logger.error({ err: error }, "who is present could not be told"),
  });
  const hub = new Hub<Principal>({
    epoch,
    head,
    history: {
      head: () => readHead(store),
      floor: () => readFloor(store),
      span: (after, upTo, limit) => readSpan(store, after, upTo, limit, TASKS),
    },
    visibility,
    meters: metrics,
    maxQueueBytes: MAX_QUEUE_BYTES,
    onSubscribed: (session) => presence.attend(session),
    onLeft: (session) => presence.left(session),
    onError: (error, change) =>
      logger.error(
        { err: error, seq: change?.seq, collection: change?.collection, record: change?.record },
        "a change could not be shown",
      ),
  });

  const eventStreams = new EventStreams(config.heartbeatMs);
  metrics.gauge("headwater_connections", "Open connections.", () => hub.size + eventStreams.size);

  const tasks = new Tasks(store, (error, about) => logger.error({ err: error, ...about }, "a task had an error"));
  metrics.gauge("headwater_tasks_active", "Tasks that are at work.", () => tasks.active);
  await tasks.histories.load();
  const revisions = { count: 0 };
  const sync = {
    streams: new SyncStreams(),
    tickets: new SyncTickets(),
    pulls: new KeyedQueue(),
    pushes: new KeyedQueue(),
  };
  // The whole event system: what happens because of a write happens here, after it, in the order of the log.
  const followers: readonly Follower[] = [
    (change) => refreshCollections(change, folder, followed, hub, revisions),
    (change) => reviseSessions(change, followed, hub, revisions),
    () => presence.revise(revisions.count),
    (change) => hub.fanOut(change),
    (change) => sync.streams.follow(change, followed.current, hub),
    (change) => tasks.histories.follow(change),
  ];
  const tail = new LogTail(store, head, followers, (error, change) =>
    logger.error({ err: error, seq: change?.seq }, "a change could not be followed"),
  );
  const hooks = new Hooks();
  const hookTail = new HookTail({
    reader: store,
    hooks,
    schema: () => registry.current,
    head: () => tail.seq,
    onError: (error, change) =>
      logger.error(
        { err: error, seq: change?.seq, collection: change?.collection, record: change?.record },
        "an after hook failed",
      ),
  });
  store.onCommit(() => {
    hookTail.wake();
    tail.wake();
  });
  const customRoutes = new CustomRoutes();
  const mutators = new Mutators();
  const background = (work: () => Promise<void>): void => backgroundWork.run(work);

  const api = createApi({
    store,
    registry,
    files,
    tokens: new Tokens(),
    epoch,
    hub,
    revisions,
    admission: new Admission({ total: config.limits.connections, perAddress: config.limits.connectionsPerIp }),
    setups: new TurnLimiter(SETUPS_PER_TURN, config.limits.setups),
    metrics,
    visibility,
    customRoutes,
    hooks,
    sync,
    mutators,
    tasks,
    eventStreams,
    startedAt: new Date(),
    config,
    logger,
    now: () => new Date(),
    background,
  });
  const stopHeartbeat = startHeartbeat(hub);
  // A message that is a little too large is refused, one that is much too large is not even read.
  const sockets = openSockets({ ...config.pulse, maxBytes: 4 * config.limits.socketMessageBytes });
  const stopRetention = startRetention(
    store,
    config.retention,
    () => ({ always: Math.min(tail.seq, tasks.histories.savedTo), hooks: hookTail.seq }),
    (seq) =>
      logger.warn({ read: hookTail.seq, trimmed: seq }, "after hooks are too far behind: changes they miss are gone"),
    (error) => logger.error({ err: error }, "the log could not be trimmed"),
  );
  const stopExpiry = startSyncExpiration(store, (error) => logger.error({ err: error }, "clients could not be forgotten"));
  let server: Bun.Server<unknown> | undefined;

  return {
    folder,
    hooks,
    customRoutes,
    channels,
    presence,
    hub,
    mutators,
    tasks,
    background,
    listen() {
      server = listen(config, api, sockets);
      background(() => tasks.startRunner());
      return { url: server.url.href.replace(/\/$/, "") };
    },
    async close() {
      api.drain();
      const stopped = server?.stop();
      stopHeartbeat();
      presence.stop();
      stopRetention();
      stopExpiry();
      await Promise.all([api.idle(GRACE_MS), tasks.stop(GRACE_MS)]);
      await hookTail.stop(GRACE_MS);
      await tail.stop();
      eventStreams.stop();
      await drain([...sessionsToDrain(hub), ...eventStreams.all()], config.drainMs);
      sockets.stop();
      await backgroundWork.done();
      await server?.stop(true);
      await stopped;
      await folder.close();
      release();
    },
  };
}
