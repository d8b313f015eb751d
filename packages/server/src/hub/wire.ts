import type { FrameBatch } from "./frame-batch.ts";

/** Why the server ends a connection. */
export type CloseReason = "slow" | "dead" | "failed" | "flood" | "auth_expired" | "shutdown";

/** Carries frames to one client. */
export interface Wire {
  /** The connection has ended. */
  readonly isClosed: boolean;
  /** Hands a batch to the socket. `blocked`: it was taken and the socket is full; `drained` follows once it is empty. */
  send(batch: FrameBatch): "sent" | "blocked" | "closed";
  /** Ends the connection. See `isOrderly`; `slow` and `dead` cut it, as a stalled peer reads no farewell. */
  close(reason: CloseReason): void;
}

/** Whether the client gets what was queued before the connection ends: nothing is wrong with it. */
export const isOrderly = (reason: CloseReason): boolean => reason === "shutdown" || reason === "auth_expired";
