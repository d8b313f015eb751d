import type { Hub } from "../hub/hub.ts";
import { randomRetryMs, RECONNECTS_PER_SECOND } from "./retry.ts";

const TICK_MS = 20;

/** A connection that ends with the server. */
export interface Drainable {
  /** Says how long the client should wait before it reconnects, in milliseconds. */
  sendRetry(retryMs: number): void;
  end(): void;
}

/** The hub's sessions. */
export const sessionsToDrain = <Principal>(hub: Hub<Principal>): Drainable[] =>
  [...hub.sessions()].map((session) => ({
    sendRetry(retryMs) {
      const frame = session.codec.retry(retryMs);
      if (frame) session.send([frame]);
    },
    end: () => session.close("shutdown"),
  }));

/**
 * Ends all connections so that their clients do not reconnect all at once. `EventSource` waits as long as `retry:` says,
 * so each stream gets another value. PocketBase's SDK ignores `retry:` and reconnects 200 ms after its stream ends, so the
 * ends themselves are spread over time too.
 *
 * @param maxMs how long that may take; with few connections it takes less
 */
export async function drain(connections: readonly Drainable[], maxMs: number): Promise<void> {
  for (const connection of connections) connection.sendRetry(randomRetryMs(connections.length));

  const total = Math.min(maxMs, (connections.length / RECONNECTS_PER_SECOND) * 1_000);
  const startedAt = performance.now();
  for (let ended = 0; ended < connections.length;) {
    await Bun.sleep(Math.min(TICK_MS, total));
    const share = total > 0 ? Math.min(1, (performance.now() - startedAt) / total) : 1;
    const upTo = Math.ceil(connections.length * share);
    for (; ended < upTo; ended += 1) connections[ended]!.end();
  }
}
