import type { Hub } from "../hub/hub.ts";
import { drawRetry, RECONNECTS_PER_SECOND } from "./retry.ts";

const TICK_MS = 20;

/** A connection that is to end with the server. */
export interface Draining {
  /** Tells the client how long to wait before it comes back, in milliseconds. */
  advise(retryMs: number): void;
  end(): void;
}

/** The sessions of a hub. */
export const sessionsToDrain = <Principal>(hub: Hub<Principal>): Draining[] =>
  [...hub.sessions()].map((session) => ({
    advise(retryMs) {
      const advice = session.codec.retry(retryMs);
      if (advice) session.send([advice]);
    },
    end: () => session.close("shutdown"),
  }));

/**
 * Ends all streams so that their clients do not come back in one instant. `EventSource` waits as long as it is told:
 * each gets a `retry:` of its own first. PocketBase's SDK takes no advice, it is back 200 ms after its stream has ended:
 * so the ends are spread, too, one tick after the other.
 *
 * @param longestMs what the ends may take; few streams take less
 */
export async function drain(connections: readonly Draining[], longestMs: number): Promise<void> {
  for (const connection of connections) connection.advise(drawRetry(connections.length));

  const total = Math.min(longestMs, (connections.length / RECONNECTS_PER_SECOND) * 1_000);
  const startedAt = performance.now();
  for (let ended = 0; ended < connections.length;) {
    await Bun.sleep(Math.min(TICK_MS, total));
    const share = total > 0 ? Math.min(1, (performance.now() - startedAt) / total) : 1;
    const upTo = Math.ceil(connections.length * share);
    for (; ended < upTo; ended += 1) connections[ended]!.end();
  }
}
