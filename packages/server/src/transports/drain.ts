import type { Hub } from "../hub/hub.ts";
import { drawRetry, RECONNECTS_PER_SECOND } from "./retry.ts";

const TICK_MS = 20;

/**
 * Ends all streams so that their clients do not come back in one instant. `EventSource` waits as long as it is told:
 * each gets a `retry:` of its own first. PocketBase's SDK takes no advice, it is back 200 ms after its stream has ended:
 * so the ends are spread, too, one tick after the other.
 *
 * @param longestMs what the ends may take; few streams take less
 */
export async function drain<Principal>(hub: Hub<Principal>, longestMs: number): Promise<void> {
  const sessions = [...hub.sessions()];
  for (const session of sessions) {
    const advice = session.codec.retry(drawRetry(sessions.length));
    if (advice) session.send([advice]);
  }

  const total = Math.min(longestMs, (sessions.length / RECONNECTS_PER_SECOND) * 1_000);
  const startedAt = performance.now();
  for (let ended = 0; ended < sessions.length;) {
    await Bun.sleep(Math.min(TICK_MS, total));
    const share = total > 0 ? Math.min(1, (performance.now() - startedAt) / total) : 1;
    const upTo = Math.ceil(sessions.length * share);
    for (; ended < upTo; ended += 1) sessions[ended]!.close("shutdown");
  }
}
