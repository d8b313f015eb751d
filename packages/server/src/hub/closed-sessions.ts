import { LRUCache } from "lru-cache";
import type { ClientId } from "@headwater/protocol";
import type { CloseReason } from "./wire.ts";

/** How a connection ended. */
export interface ClosedSession {
  readonly reason: CloseReason | "client";
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The seq of the newest change that had been told to everyone. */
  readonly seq: number;
}

/** Connections that are remembered after their end, for whoever asks why they did not get something. */
const REMEMBERED = 1_000;

export const newClosedSessions = (): LRUCache<ClientId, ClosedSession> => new LRUCache({ max: REMEMBERED });
