import type { Change } from "../log/change.ts";
import type { Cursors } from "../log/cursors.ts";
import type { EvaluationLimits } from "./evaluation/evaluation-budget.ts";
import type { LogReader } from "./replay/replay-source.ts";
import type { HubMetrics } from "./hub-metrics.ts";
import type { Session } from "./session.ts";
import type { Visibility } from "./visibility.ts";

export interface HubOptions<Principal> {
  readonly cursors: Cursors;
  /** The seq of the last change that needs no delivery. */
  readonly head: number;
  readonly log: LogReader;
  readonly visibility: Visibility<Principal>;
  /** Bytes that may wait for one connection before it is closed and its client must reconnect. */
  readonly maxQueueBytes: number;
  /** How much time evaluating subscriptions may take; no limits by default. */
  readonly evaluation?: EvaluationLimits<Principal>;
  readonly metrics?: HubMetrics;
  /** Called when a session's subscriptions or principal were replaced. */
  readonly onSubscribed?: (session: Session<Principal>) => void;
  /** Called when a connection is gone. */
  readonly onClosed?: (session: Session<Principal>) => void;
  /** Called for an audience that could not be evaluated; the others are served all the same. */
  readonly onError: (error: unknown, change: Change | undefined) => void;
}
