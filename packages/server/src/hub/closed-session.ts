import type { CloseReason } from "./wire.ts";

/** How a connection ended. */
export interface ClosedSession {
  readonly reason: CloseReason | "client";
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The seq of the newest change that had been delivered to every live session. */
  readonly seq: number;
}
