import type { Epoch } from "@headwater/protocol";
import type { Logger } from "pino";
import type { Tokens } from "../auth/tokens.ts";
import type { Registry } from "../collections/model/registry.ts";
import type { Config } from "../config.ts";
import type { FileStore } from "../files/file-store.ts";
import type { Admission } from "../hub/admission.ts";
import type { Hub } from "../hub/hub.ts";
import type { TurnLimiter } from "../lib/turn-limiter.ts";
import type { Hooks } from "../records/model/hook-registry.ts";
import type { Principal } from "../rules/principal.ts";
import type { Store } from "../store/store.ts";
import type { EventVisibility } from "../visibility/event-visibility.ts";
import type { Tasks } from "../tasks/tasks.ts";
import type { EventStreams } from "../transports/event-streams.ts";
import type { CustomRoutes } from "./custom-routes.ts";
import type { KeyedQueue } from "../lib/keyed-queue.ts";
import type { Mutators } from "../sync/mutators.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { SyncStreams } from "../connections/poke-streams.ts";
import type { SyncTickets } from "../connections/stream-tickets.ts";

export interface SyncDeps {
  readonly streams: SyncStreams;
  readonly tickets: SyncTickets;
  readonly pulls: KeyedQueue;
  readonly pushes: KeyedQueue;
}

/** All that the endpoints work with. Built in app.ts. */
export interface ApiContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly files: FileStore;
  readonly tokens: Tokens;
  /** The life of the log. */
  readonly epoch: Epoch;
  readonly hub: Hub<Principal>;
  /** How often it has happened that principals became others: what was read of one before may be old. */
  readonly revisions: { readonly count: number };
  readonly admission: Admission;
  /** Where streams and subscriptions wait to be set up. */
  readonly setups: TurnLimiter;
  /** What the application brings: routes, and hooks of writes. */
  readonly customRoutes: CustomRoutes;
  readonly hooks: Hooks;
  /** What those who sync offline share. */
  readonly sync: SyncDeps;
  readonly mutators: Mutators;
  readonly metrics: Metrics;
  /** Who may see what. */
  readonly visibility: EventVisibility;
  readonly tasks: Tasks;
  /** Streams that are no sessions of the hub: of tasks, and of the version. */
  readonly eventStreams: EventStreams;
  /** When the server was built. */
  readonly startedAt: Date;
  readonly config: Config;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Takes over work that follows a response and that nobody waits for. */
  readonly background: (work: () => Promise<void>) => void;
}
