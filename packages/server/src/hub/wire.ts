/** Why the server ends a connection. */
export type CloseReason = "slow" | "dead" | "failed" | "shutdown";

/** What carries frames to one client. */
export interface Wire {
  /** Hands bytes to the socket. `blocked`: it took them and is full; `drained` follows when it is empty again. */
  send(bytes: Uint8Array): "sent" | "blocked" | "closed";
  /** Ends the connection. `shutdown` ends it in order; the others cut it, since a stalled peer reads no farewell. */
  close(reason: CloseReason): void;
}
