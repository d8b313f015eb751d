import type { Transport } from "./listener.ts";
import { socket } from "./socket.ts";
import { sse } from "./sse.ts";

/** How a scenario's clients connect; `mixed` alternates between both transports. */
export const TRANSPORTS = ["sse", "websocket", "mixed"] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

/** @param client the client's number, which decides for `mixed` */
export const transportOf = (kind: TransportKind, client: number): Transport =>
  kind === "websocket" || (kind === "mixed" && client % 2 === 0) ? socket : sse;
