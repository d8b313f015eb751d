import type { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";

/** How often each connection gets a heartbeat, in seconds: well below the 60 s after which common proxies give up. */
const PERIOD_S = 20;

/**
 * Sends heartbeats to a share of the sessions every second, so that thousands never leave in one burst.
 *
 * @returns a function that stops it
 */
export function startHeartbeat<Principal>(hub: Hub<Principal>): () => void {
  let round: readonly Session<Principal>[] = [];
  let tick = 0;
  const timer = setInterval(() => {
    if (tick % PERIOD_S === 0) round = [...hub.sessions()];
    const share = Math.ceil(round.length / PERIOD_S);
    const from = (tick % PERIOD_S) * share;
    hub.sendHeartbeats(round.slice(from, from + share));
    tick += 1;
  }, 1_000);
  return () => clearInterval(timer);
}
