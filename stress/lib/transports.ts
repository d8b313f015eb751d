import type { Transport } from "./listener.ts";
import { socket } from "./socket.ts";
import { sse } from "./sse.ts";

/** What carries the events of a scenario's clients; `mixed`: of every other client another. */
export const TRANSPORTS = ["sse", "websocket", "mixed"] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

/** @param client its number, for `mixed` */
export const transportOf = (kind: TransportKind, client: number): Transport =>
  kind === "websocket" || (kind === "mixed" && client % 2 === 0) ? socket : sse;
