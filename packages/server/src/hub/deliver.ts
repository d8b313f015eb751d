import type { FrameSet } from "./frame.ts";
import type { Session } from "./session.ts";

/** The event that tells a client to read everything anew. */
export const RESYNC = "resync";

/** One event of a change for some sessions. */
export interface Heard<Principal> {
  readonly sessions: ReadonlySet<Session<Principal>>;
  readonly event: string;
  readonly frames: FrameSet;
}

/**
 * Where one change reaches a session more than once, only its last frame carries the cursor.
 *
 * @returns how many frames were queued
 */
export function deliver<Principal>(heard: readonly Heard<Principal>[], seq: number): number {
  if (heard.length === 1) {
    const { sessions, event, frames } = heard[0]!;
    const frame = frames.frame(event, true);
    for (const session of sessions) session.deliver(frame, seq);
    return sessions.size;
  }
  const last = new Map<Session<Principal>, Heard<Principal>>();
  for (const entry of heard) for (const session of entry.sessions) last.set(session, entry);
  for (const entry of heard) {
    const { sessions, event, frames } = entry;
    for (const session of sessions) session.deliver(frames.frame(event, last.get(session) === entry), seq);
  }
  return heard.reduce((sum, { sessions }) => sum + sessions.size, 0);
}
