import type { Api } from "../api.ts";
import type { PageLifecycle } from "../connection/page-lifecycle.ts";
import type { ConnectionLimits } from "../connection/transitions.ts";
import type { Transport } from "../transport/transport.ts";
import type { ExpandPath, OneOrMore, ShownField } from "../schema.ts";
import type { OverflowPolicy } from "./bounded-queue.ts";
import type { RecordModel } from "./events.ts";
import type { TopicOptions } from "./topic.ts";

/** Options of a subscription to typed records. */
export interface SubscribeOptions<T = RecordModel> extends FollowOptions {
  readonly expand?: OneOrMore<ExpandPath<T>> | undefined;
  readonly fields?: OneOrMore<ShownField<T>> | undefined;
}

/** Options of a subscription, without types. */
export interface FollowOptions extends TopicOptions {
  /** A cursor of an event or a list: changes after it are sent first. Headwater servers only. */
  readonly since?: string | undefined;
  /** Ends the subscription when aborted. Loops over it end without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum number of events queued for the app. Default: 1024. */
  readonly capacity?: number | undefined;
  /** What happens when the queue is full. Default: `resync`. */
  readonly onOverflow?: OverflowPolicy | undefined;
  /**
   * Whether to check first, with one small request, that the server allows the subscription. Default: true.
   * PocketBase's realtime protocol itself doesn't report subscriptions that aren't allowed.
   */
  readonly check?: boolean | undefined;
}

/** Dependencies of a Realtime. Everything that does I/O or reads the time is injected. */
export interface RealtimeDependencies {
  readonly api: Api;
  readonly transport: Transport;
  readonly lifecycle: PageLifecycle;
  readonly random: () => number;
  readonly limits: ConnectionLimits;
  /** Whether a malformed event ends the connection with an error. Otherwise it is skipped with a warning. */
  readonly strict: boolean;
  /** Milliseconds without a byte after which the connection counts as dead. The default depends on the server. */
  readonly quietMs: number | undefined;
}
