import type { FrameBatch } from "./frame-batch.ts";

/** Why the server ends a connection. */
export type CloseReason = "slow" | "dead" | "failed" | "flood" | "shutdown";

/** Carries frames to one client. */
export interface Wire {
  /** The connection has ended. */
  readonly isClosed: boolean;
  /** Hands a batch to the socket. `blocked`: it was taken and the socket is full; `drained` follows once it is empty. */
  send(batch: FrameBatch): "sent" | "blocked" | "closed";
  /** Ends the connection. `shutdown` ends it in order; `slow` and `dead` cut it, as a stalled peer reads no farewell. */
  close(reason: CloseReason): void;
}
