import type { Epoch } from "@headwater/protocol";
import type { Logger } from "pino";
import { Registry } from "../collections/model/registry.ts";
import type { Schema } from "../collections/model/schema.ts";
import type { Config } from "../config.ts";
import { ConnectionLog } from "../connections/connection-log.ts";
import { Liveness } from "../connections/liveness.ts";
import type { LogReader } from "../hub/replay/replay-source.ts";
import { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import { readEpoch, readHead } from "../log/change-log.ts";
import { Cursors } from "../log/cursors.ts";
import { startLineage } from "../log/lineage.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { ApiError } from "../lib/api-error.ts";
import type { Presence } from "../presence/presence.ts";
import type { Principal } from "../rules/principal.ts";
import { isCutQuery } from "../store/store.ts";
import { Channels } from "../visibility/channels/channels.ts";
import { EventVisibility } from "../visibility/event-visibility.ts";
import type { CurrentAuthRevision } from "./auth-revision.ts";
import { type Connections, createConnections } from "./connections.ts";
import type { Folder } from "./folder.ts";
import { createLogReader } from "./log-reader.ts";
import { createPresence } from "./presence.ts";

/** The most that may be queued for one connection, in bytes. Beyond that it is closed, and its client must reconnect. */
const MAX_QUEUE_BYTES = 256 << 10;

export interface RealtimeOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly folder: Folder;
  readonly metrics: Metrics;
}

/** Everything between the log and the connections. */
export interface Realtime extends Connections {
  readonly epoch: Epoch;
  readonly cursors: Cursors;
  /** The seq of the newest change when the server started: its subscribers start there. */
  readonly head: number;
  /** The collections as of the change that the tail has reached, which may be older than the current ones. */
  readonly tailRegistry: Registry;
  readonly authRevision: CurrentAuthRevision;
  readonly channels: Channels;
  /** Rooms of clients that sync. */
  readonly rooms: Channels;
  readonly visibility: EventVisibility;
  readonly presence: Presence<Principal>;
  readonly hub: Hub<Principal>;
  readonly liveness: Liveness;
  readonly connectionLog: ConnectionLog;
}

export async function openRealtime({ config, logger, folder, metrics }: RealtimeOptions): Promise<Realtime> {
  const { store, registry, files, versions } = folder;
  const tailRegistry = new Registry(registry.current.clientFilters);
  tailRegistry.replace(registry.current);
  const channels = new Channels(config.channels === "declared" ? null : "");
  const rooms = new Channels(null);
  const schema = (): Schema => tailRegistry.current;
  const visibility = new EventVisibility({ reader: store, schema, files, versions, channels, rooms });
  const cursors = new Cursors(await startLineage(store));
  const [epoch, head] = [await readEpoch(store), await readHead(store)];
  const presence = createPresence({ config, logger, visibility });
  const connections = createConnections(config, metrics);
  const log = createLogReader(store, registry, tailRegistry);
  const onSubscribed = (session: Session<Principal>): void => {
    presence.sessionChanged(session);
    connectionLog.subscribed(session);
  };
  const hub = createHub({ logger, metrics, cursors, head, log, visibility, presence, connections, onSubscribed });
  const connectionLog = new ConnectionLog(logger, hub);
  return {
    epoch,
    cursors,
    head,
    tailRegistry,
    authRevision: { current: 0 },
    channels,
    rooms,
    visibility,
    presence,
    hub,
    liveness: new Liveness(hub, connections.tokenExpiry, connectionLog, config),
    connectionLog,
    ...connections,
  };
}

interface HubParts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly cursors: Cursors;
  readonly head: number;
  readonly log: LogReader;
  readonly visibility: EventVisibility;
  readonly presence: Presence<Principal>;
  readonly connections: Connections;
  readonly onSubscribed: (session: Session<Principal>) => void;
}

const createHub = ({
  logger,
  metrics,
  cursors,
  head,
  log,
  visibility,
  presence,
  connections,
  onSubscribed,
}: HubParts): Hub<Principal> =>
  new Hub<Principal>({
    cursors,
    head,
    log,
    visibility,
    metrics,
    maxQueueBytes: MAX_QUEUE_BYTES,
    evaluation: connections.evaluation,
    onSubscribed,
    onClosed: (session) => {
      presence.sessionClosed(session);
      connections.quotas.release(session);
      connections.tokenExpiry.remove(session);
    },
    onError: (error, change) => {
      // Too much for an event. Its subscribers get a resync, and the metric of replays counts it.
      if (isCutQuery(error) || error instanceof ApiError) return;
      logger.error(
        { err: error, seq: change?.seq, collection: change?.collection, record: change?.record },
        "a change could not be delivered to some of its subscribers",
      );
    },
  });
