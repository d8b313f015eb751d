import type { Epoch } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { History } from "./catch-up.ts";
import type { HubMetrics } from "./hub-metrics.ts";
import type { Session } from "./session.ts";
import type { Visibility } from "./visibility.ts";

export interface HubOptions<Principal> {
  readonly epoch: Epoch;
  /** The seq of the last change that needs no telling. */
  readonly head: number;
  readonly history: History;
  readonly visibility: Visibility<Principal>;
  /** Bytes that may wait for one connection before it is closed and must come back. */
  readonly maxQueueBytes: number;
  readonly meters?: HubMetrics;
  /** Told of each connection that has said anew what it listens to, or who it is. */
  readonly onSubscribed?: (session: Session<Principal>) => void;
  /** Told of each connection that is gone. */
  readonly onLeft?: (session: Session<Principal>) => void;
  /** Told of an audience that could not be answered; the others are served all the same. */
  readonly onError: (error: unknown, change: Change | undefined) => void;
}
