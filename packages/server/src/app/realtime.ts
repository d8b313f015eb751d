import type { Epoch } from "@headwater/protocol";
import type { Logger } from "pino";
import { Registry } from "../collections/model/registry.ts";
import type { Config } from "../config.ts";
import { AddressGroups } from "../connections/address-group.ts";
import { ClientQuotas } from "../connections/client-quotas.ts";
import { ConnectionLimiter } from "../connections/connection-limiter.ts";
import { Liveness } from "../connections/liveness.ts";
import { Hub } from "../hub/hub.ts";
import { TurnLimiter } from "../lib/turn-limiter.ts";
import { readChangeRange, readEpoch, readHead, readTrimmedTo } from "../log/change-log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Presence } from "../presence/presence.ts";
import type { Principal } from "../rules/principal.ts";
import type { Store } from "../store/store.ts";
import { TASKS } from "../tasks/task-event.ts";
import { Channels } from "../visibility/channels.ts";
import { EventVisibility } from "../visibility/event-visibility.ts";
import type { CurrentAuthRevision } from "./auth-revision.ts";
import type { Folder } from "./folder.ts";
import { createPresence } from "./presence.ts";

/** The most that may be queued for one connection, in bytes. Beyond that it is closed, and its client must reconnect. */
const MAX_QUEUE_BYTES = 256 << 10;
/** Connections opened, or subscriptions changed, in one turn of the event loop: about three milliseconds of work. */
const MAX_SETUPS_PER_TURN = 32;

export interface RealtimeOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly folder: Folder;
  readonly metrics: Metrics;
}

/** Everything between the log and the connections. */
export interface Realtime {
  readonly epoch: Epoch;
  /** The seq of the newest change when the server started: its subscribers start there. */
  readonly head: number;
  /** The collections as of the change that the tail has reached, which may be older than the current ones. */
  readonly tailRegistry: Registry;
  readonly authRevision: CurrentAuthRevision;
  readonly channels: Channels;
  readonly visibility: EventVisibility;
  readonly presence: Presence<Principal>;
  readonly hub: Hub<Principal>;
  readonly liveness: Liveness;
  readonly connectionLimiter: ConnectionLimiter;
  readonly quotas: ClientQuotas;
  readonly setupLimiter: TurnLimiter;
}

export async function openRealtime({ config, logger, folder, metrics }: RealtimeOptions): Promise<Realtime> {
  const { store, registry, files } = folder;
  const { limits } = config;
  const tailRegistry = new Registry();
  tailRegistry.replace(registry.current);
  const channels = new Channels(config.channels === "declared" ? null : "");
  const visibility = new EventVisibility({ reader: store, schema: () => tailRegistry.current, files, channels });
  const [epoch, head] = [await readEpoch(store), await readHead(store)];
  const presence = createPresence({ config, logger, visibility });
  const groups = new AddressGroups(limits.countsLocalAddresses);
  const connectionLimiter = new ConnectionLimiter(
    { total: limits.connections, perAddress: limits.connectionsPerIp },
    groups,
  );
  const quotas = new ClientQuotas(limits, groups);
  const hub = createHub({ logger, store, metrics, epoch, head, visibility, presence, quotas });
  metrics.gauge("headwater_connections", "Open connections.", () => connectionLimiter.size);
  metrics.gauge(
    "headwater_subscription_bytes",
    "Bytes of subscriptions, besides the first 4 KiB of each connection.",
    () => quotas.subscriptionBytes,
  );
  metrics.gauge(
    "headwater_presence_subscriptions",
    "Presence subscriptions, besides the first two of each connection.",
    () => quotas.presence,
  );
  return {
    epoch,
    head,
    tailRegistry,
    authRevision: { current: 0 },
    channels,
    visibility,
    presence,
    hub,
    liveness: new Liveness(hub, config),
    connectionLimiter,
    quotas,
    setupLimiter: new TurnLimiter(MAX_SETUPS_PER_TURN, limits.setups),
  };
}

interface HubParts {
  readonly logger: Logger;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly epoch: Epoch;
  readonly head: number;
  readonly visibility: EventVisibility;
  readonly presence: Presence<Principal>;
  readonly quotas: ClientQuotas;
}

const createHub = ({ logger, store, metrics, epoch, head, visibility, presence, quotas }: HubParts): Hub<Principal> =>
  new Hub<Principal>({
    epoch,
    head,
    log: {
      head: () => readHead(store),
      trimmedTo: () => readTrimmedTo(store),
      range: (after, upTo, limit) => readChangeRange(store, { after, upTo, limit, except: TASKS }),
    },
    visibility,
    metrics,
    maxQueueBytes: MAX_QUEUE_BYTES,
    onSubscribed: (session) => presence.sessionChanged(session),
    onClosed: (session) => {
      presence.sessionClosed(session);
      quotas.release(session);
    },
    onError: (error, change) =>
      logger.error(
        { err: error, seq: change?.seq, collection: change?.collection, record: change?.record },
        "a change could not be delivered to some of its subscribers",
      ),
  });
