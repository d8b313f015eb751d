import type { FrameBatch } from "./frame-batch.ts";

/** Why the server ends a connection. */
export type CloseReason = "slow" | "dead" | "failed" | "flood" | "shutdown";

/** What carries frames to one client. */
export interface Wire {
  /** The connection has ended, and takes nothing more. */
  readonly gone: boolean;
  /** Hands what waits to the socket. `blocked`: it took it and is full; `drained` follows when it is empty again. */
  send(batch: FrameBatch): "sent" | "blocked" | "closed";
  /** Ends the connection. `shutdown` ends it in order; `slow` and `dead` cut it, since a stalled peer reads no farewell. */
  close(reason: CloseReason): void;
}
