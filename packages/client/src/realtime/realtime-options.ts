import type { Api } from "../api.ts";
import type { PageLifecycle } from "../connection/page-lifecycle.ts";
import type { ConnectionLimits } from "../connection/transitions.ts";
import type { Transport } from "../transport/transport.ts";
import type { ExpandPath, OneOrMore, ShownField } from "../schema.ts";
import type { OverflowPolicy } from "./bounded-queue.ts";
import type { RecordModel } from "./events.ts";
import type { TopicOptions } from "./topic.ts";

/** What one subscription may be told. */
export interface SubscribeOptions<T = RecordModel> extends FollowOptions {
  readonly expand?: OneOrMore<ExpandPath<T>> | undefined;
  readonly fields?: OneOrMore<ShownField<T>> | undefined;
}

/** The same, where nothing is known of the records. */
export interface FollowOptions extends TopicOptions {
  /** A place in the server's log, as events and lists give it: what came behind it comes first. Headwater servers only. */
  readonly since?: string | undefined;
  /** Ends the subscription; loops over it end without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Events that may wait for the app; 1024 unless told otherwise. */
  readonly capacity?: number | undefined;
  /** What happens beyond that; "resync" unless told otherwise. */
  readonly onOverflow?: OverflowPolicy | undefined;
  /**
   * Whether to ask the server first if this may be listened to at all (one small request); true unless told otherwise.
   * PocketBase's protocol itself is silent about what it refuses.
   */
  readonly check?: boolean | undefined;
}

/** What a Realtime is made of. Everything that does I/O, or knows the time, is handed in. */
export interface RealtimeDependencies {
  readonly api: Api;
  readonly transport: Transport;
  readonly lifecycle: PageLifecycle;
  readonly random: () => number;
  readonly limits: ConnectionLimits;
  /** A malformed event ends the connection with an error; otherwise it is skipped with a warning. */
  readonly strict: boolean;
  /** Silence after which the connection is taken for dead, in milliseconds; by default what the server lets expect. */
  readonly quietMs: number | undefined;
}
