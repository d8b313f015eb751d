import type { Subscription } from "@headwater/protocol";
import type { Session } from "../session.ts";

/** Characters of subscriptions that one session may have read again while everyone waits. */
export const MAX_LIGHT = 16 << 10;
/** The same for all sessions with more than that. */
const MAX_HEAVY_TOTAL = 256 << 10;

/** In characters: they say how long it takes to read subscriptions. */
export const weightOf = (subscriptions: readonly Subscription[]): number =>
  subscriptions.reduce((sum, { name }) => sum + name.length, 0);

/**
 * Closes sessions whose subscriptions would take too long to read again. Their clients come back, are set up a few
 * subscriptions at a time, and get what they missed.
 */
export function closeHeavy<Principal>(sessions: readonly Session<Principal>[]): void {
  let total = 0;
  for (const session of sessions) {
    const weight = weightOf(session.subscriptions);
    if (weight <= MAX_LIGHT) continue;
    total += weight;
    if (total > MAX_HEAVY_TOTAL) session.close("failed");
  }
}
