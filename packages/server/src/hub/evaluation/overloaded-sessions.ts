import { type ResyncReason, resyncEvent } from "@headwater/protocol";
import type { Cursors } from "../../log/cursors.ts";
import type { DeliveryPosition } from "../delivery-position.ts";
import type { HubMetrics } from "../hub-metrics.ts";
import { pausedReplay, type Replay } from "../replay/replay.ts";
import type { Session } from "../session.ts";

/** How long an overloaded session gets nothing, in milliseconds: at most one resync in this time. */
const PAUSE_MS = 1_000;

interface Pause {
  readonly reason: ResyncReason;
  readonly replay: Replay;
  readonly until: number;
}

export interface OverloadedSessionsOptions {
  readonly cursors: Cursors;
  readonly position: DeliveryPosition;
  readonly metrics: HubMetrics;
}

/**
 * Sessions whose subscriptions take too long to evaluate, or for which nobody can say what changed. They get nothing for a moment, as events after a gap would hide
 * it, and then one resync for all that they missed.
 */
export class OverloadedSessions<Principal> {
  readonly #options: OverloadedSessionsOptions;
  /** All pauses are equally long, so the map is in the order of their ends. */
  readonly #paused = new Map<Session<Principal>, Pause>();
  #timer: Timer | undefined;

  constructor(options: OverloadedSessionsOptions) {
    this.#options = options;
  }

  /** Call while the change is being delivered, before its events are. */
  pause(sessions: Iterable<Session<Principal>>, reason: ResyncReason = "overload"): void {
    const { position } = this.#options;
    for (const session of sessions) {
      if (!session.isLive) continue;
      const replay = pausedReplay(position.seq);
      session.startCatchUp(replay);
      this.#paused.delete(session);
      this.#paused.set(session, { reason, replay, until: performance.now() + PAUSE_MS });
    }
    this.#schedule();
  }

  #schedule(): void {
    const [first] = this.#paused.values();
    if (!first || this.#timer) return;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, first.until - performance.now())).unref();
  }

  #tick(): void {
    this.#timer = undefined;
    this.#options.position.betweenChanges(() => {
      const now = performance.now();
      for (const [session, pause] of this.#paused) {
        if (pause.until > now) break;
        this.#paused.delete(session);
        this.#resync(session, pause);
      }
      this.#schedule();
    });
  }

  #resync(session: Session<Principal>, { reason, replay }: Pause): void {
    // It has closed, or subscribed with a cursor and reads what it missed from the log.
    if (session.replay !== replay) return;
    const { cursors, position, metrics } = this.#options;
    metrics.replayed(reason, 0);
    const cursor = cursors.format(position.seq);
    const labels = session.subscriptions.map(({ label }) => label);
    session.send([session.codec.encode(resyncEvent(reason, cursor, Date.now()), labels, cursor)]);
    session.goLive(position.seq);
  }
}
