import { type ClientId, clientId, type Subscription } from "@headwater/protocol";
import { LRUCache } from "lru-cache";
import { randomText } from "../lib/random.ts";
import { TurnShare } from "../lib/scheduling/turn-share.ts";
import type { Change } from "../log/change.ts";
import type { Cursor, Cursors } from "../log/cursors.ts";
import { CatchUp } from "./replay/catch-up.ts";
import { ChangeCursors } from "./replay/change-cursors.ts";
import type { ClosedSession } from "./closed-session.ts";
import { deliver } from "./deliver.ts";
import { DeliveryPosition } from "./delivery-position.ts";
import { FanOut } from "./fan-out.ts";
import { closeHeavy } from "./evaluation/close-heavy.ts";
import { FormerAudiences } from "./former-audiences.ts";
import { FlushScheduler } from "./flush-scheduler.ts";
import type { Codec } from "./frame.ts";
import { NO_EVALUATION_LIMITS } from "./evaluation/evaluation-budget.ts";
import { type Heartbeats, heartbeatsOf } from "./heartbeats.ts";
import { type HubMetrics, NO_HUB_METRICS } from "./hub-metrics.ts";
import type { HubOptions } from "./hub-options.ts";
import { OverloadedSessions } from "./evaluation/overloaded-sessions.ts";
import type { PreparedSubscriptions } from "./evaluation/prepared-subscriptions.ts";
import { lowestSeq, type Since } from "./replay/replay.ts";
import { Reassignments } from "./reassignments.ts";
import { Roster } from "./roster.ts";
import { Session, type SessionInit } from "./session.ts";
import type { Visibility } from "./visibility.ts";
import type { CloseReason } from "./wire.ts";

/** Heartbeats in a row that a full socket may miss. */
const MAX_MISSED_HEARTBEATS = 3;
/** Closed sessions that are remembered, to explain why they did not get a change. */
const MAX_CLOSED_SESSIONS = 1_000;

/** How long subscriptions that are being set up may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;

/** From one change to everyone who subscribes to it. */
export class Hub<Principal> {
  readonly #cursors: Cursors;
  readonly #position: DeliveryPosition;
  readonly #roster: Roster<Principal>;
  readonly #visibility: Visibility<Principal>;
  readonly #fanOut: FanOut<Principal>;
  readonly #catchUp: CatchUp<Principal>;
  readonly #overloaded: OverloadedSessions<Principal>;
  readonly #turns = new TurnShare(MAX_TURN_MS);
  readonly #flushes: FlushScheduler;
  readonly #reassignments: Reassignments<Principal>;
  readonly #formerAudiences = new FormerAudiences<Principal>();
  readonly #metrics: HubMetrics;
  readonly #closedSessions = new LRUCache<ClientId, ClosedSession>({ max: MAX_CLOSED_SESSIONS });
  readonly #onSubscribed: (session: Session<Principal>) => void;
  readonly #onClosed: (session: Session<Principal>) => void;
  #lastUnlogged: Promise<unknown> = Promise.resolve();
  /** The time of the oldest change that has not reached every socket yet. */
  #oldestUnsent: number | undefined;

  constructor(options: HubOptions<Principal>) {
    const { cursors, head, log, visibility, maxQueueBytes, onError } = options;
    const { metrics = NO_HUB_METRICS, onSubscribed = () => {}, onClosed = () => {} } = options;
    this.#cursors = cursors;
    this.#visibility = visibility;
    this.#metrics = metrics;
    this.#onSubscribed = onSubscribed;
    this.#onClosed = onClosed;
    this.#position = new DeliveryPosition(head);
    this.#roster = new Roster(visibility);
    this.#flushes = new FlushScheduler(maxQueueBytes, () => this.#allFlushed());
    this.#reassignments = new Reassignments(({ subscription, principal }) =>
      visibility.captureListener(subscription, principal),
    );
    this.#fanOut = new FanOut({
      visibility,
      roster: this.#roster,
      reassignments: this.#reassignments,
      formerAudiences: this.#formerAudiences,
      limits: options.evaluation ?? NO_EVALUATION_LIMITS,
      onError,
    });
    this.#overloaded = new OverloadedSessions({ cursors, position: this.#position, metrics });
    this.#catchUp = new CatchUp({
      cursors,
      log,
      position: this.#position,
      metrics,
      topicsOf: (change) => visibility.topicsOf(change),
      eventFor: (change, audience) => this.#fanOut.eventFor(change, audience, "replayed"),
      prepare: (changes) => visibility.prepareReplay(changes),
      versionOf: (change) => visibility.replayVersion(change),
      accountOf: ({ principal }) => visibility.accountOf(principal),
      mayChangeVisibility: (change, { subscriptions, principal }, name) =>
        subscriptions.some(
          (subscription) =>
            subscription.name === name && visibility.mayChangeVisibility(change, subscription, principal),
        ),
      onError: (error) => onError(error, undefined),
    });
  }

  get size(): number {
    return this.#roster.size;
  }

  /** The seq of the newest change that was delivered to every live session. */
  get seq(): number {
    return this.#position.seq;
  }

  session(id: ClientId): Session<Principal> | undefined {
    return this.#roster.get(id);
  }

  sessions(): Iterable<Session<Principal>> {
    return this.#roster.all();
  }

  sessionsOf(principalKey: string): readonly Session<Principal>[] {
    return this.#roster.ofPrincipal(principalKey);
  }

  /** How many sessions a principal has. */
  countOf(principalKey: string): number {
    return this.#roster.countOf(principalKey);
  }

  /** How many different principals have sessions. All guests are one. */
  get principals(): number {
    return this.#roster.principals;
  }

  /** How a connection ended; `undefined` if it is open, unknown or ended too long ago. */
  closedSession(id: ClientId): ClosedSession | undefined {
    return this.#closedSessions.get(id);
  }

  /**
   * An id for a new connection. A browser that is cut off before its first event knows only this, and comes back with it:
   * it names the place where the client was when it connected.
   *
   * @param since the cursor that the client connected with
   */
  newClientId(since: Cursor | undefined): ClientId {
    if (since && "lost" in since) return clientId(randomText(40));
    return clientId(this.#cursors.clientId(lowestSeq(since) ?? this.#position.seq));
  }

  /** A new connection; it gets nothing until it subscribes. */
  open(init: SessionInit<Principal>): Session<Principal> {
    const session = new Session(init, this.#flushes, this.#sessionClosed);
    this.#roster.add(session);
    return session;
  }

  /**
   * Replaces a session's principal and all its subscriptions, between two changes: a change that is being delivered goes
   * to the audiences that the session is in, and taken out of them meanwhile it would miss the change.
   *
   * @param since what the client has seen of the subscriptions that are new; what it missed comes first
   * @param prepared from `prepare`, for the same principal; without it, all are read while everyone waits
   */
  subscribe(
    session: Session<Principal>,
    principal: Principal,
    subscriptions: readonly Subscription[],
    since?: Since,
    prepared?: PreparedSubscriptions<Principal>,
  ): void {
    this.#position.betweenChanges(() => {
      if (session.isClosed) return;
      const known = new Set(session.audiences.map(({ subscription }) => subscription.name));
      this.#roster.reindex([session], () => session.subscribed(principal, subscriptions), prepared);
      this.#onSubscribed(session);
      if (subscriptions.length === 0 && !since) return;
      // New subscriptions of a session that catches up begin now, not where it is.
      const resumed = session.resumeFrom(since, this.#position.seq) ?? (session.replay && new Map());
      if (resumed) this.#catchUp.start(session, resumed, known);
    });
  }

  /** Reads what a session is about to subscribe to, a few subscriptions at a time. */
  prepare(principal: Principal, subscriptions: readonly Subscription[]): Promise<PreparedSubscriptions<Principal>> {
    return this.#roster.prepare(principal, subscriptions, this.#turns);
  }

  /** Call between two pieces of work that sets up subscriptions. @returns see `TurnShare.pause` */
  pause(): Promise<void> | undefined {
    return this.#turns.pause(performance.now());
  }

  /** Runs the work while no change is being delivered: at once, or when the current one is done. */
  betweenChanges(work: () => void): void {
    this.#position.betweenChanges(work);
  }

  /**
   * Call between two changes.
   *
   * @param lastChange the next change, if the sessions get its event as who they were: it deletes their account
   */
  changePrincipal(sessions: readonly Session<Principal>[], principal: Principal, lastChange?: Change): void {
    this.#catchUp.invalidate();
    closeHeavy(sessions);
    const open = sessions.filter(({ isClosed }) => !isClosed);
    this.#reassignments.capture(open);
    if (lastChange) this.#formerAudiences.capture(lastChange, open);
    this.#roster.reindex(open, (session) => session.changePrincipal(principal));
  }

  /**
   * Sorts all sessions into audiences again: collections have changed, so those that were alike may differ now. Call
   * between two changes.
   *
   * @param applySchema puts the new collections in force
   * @param revise the principal as it is under the new collections
   */
  reindexAll(applySchema: () => void, revise: (principal: Principal) => Principal): void {
    this.#catchUp.invalidate();
    this.#roster.rulesChanged();
    closeHeavy([...this.#roster.all()]);
    this.#reassignments.capture(this.#roster.all());
    applySchema();
    this.#roster.reindex(this.#roster.all(), (session) => session.changePrincipal(revise(session.principal)));
  }

  /** Nobody can say what the next change did: every live session gets a resync. Call between two changes. */
  resyncAll(): void {
    this.#overloaded.pause(this.#roster.all(), "visibility");
  }

  /** Delivers a change to everyone who can see it. Resolves when it is queued for each of them. */
  fanOut(change: Change): Promise<void> {
    return this.#position.deliver(change.seq, () => this.#deliver(change));
  }

  /**
   * Delivers an event that is in no log, one after the other. Sessions that catch up or have a backlog go without.
   *
   * @param overload what sessions get whose subscriptions take too long to evaluate
   * @returns how many messages it is for all sessions
   */
  fanOutUnlogged(change: Change, overload: "nothing" | "resync" = "nothing"): Promise<number> {
    const delivered = this.#lastUnlogged.then(async () => {
      const { deliveries, overloaded } = await this.#fanOut.changeEvents(change, undefined);
      if (overload === "resync") this.#overloaded.pause(overloaded);
      return deliver(deliveries, undefined);
    });
    this.#lastUnlogged = delivered.catch(() => {});
    return delivered;
  }

  /** Keeps quiet connections alive and ends dead ones. Call it for a share of the sessions at a time. */
  sendHeartbeats(sessions: Iterable<Session<Principal>>): void {
    const cursor = this.#cursors.format(this.#position.seq);
    const byCodec = new Map<Codec, Heartbeats>();
    for (const session of sessions) {
      this.#metrics.queued(session.status.queuedBytes);
      const { codec } = session;
      let heartbeats = byCodec.get(codec);
      if (!heartbeats) byCodec.set(codec, (heartbeats = heartbeatsOf(codec, cursor)));
      session.heartbeat(heartbeats, MAX_MISSED_HEARTBEATS);
    }
  }

  async #deliver(change: Change): Promise<void> {
    this.#visibility.changed(change);
    const cursors = new ChangeCursors(this.#cursors, change.seq);
    const startedAt = performance.now();
    const others = await this.#fanOut.visibilityEvents(change, cursors);
    const own = await this.#fanOut.changeEvents(change, cursors);
    // Before the others get their events, so that none follows a gap.
    this.#overloaded.pause(others.overloaded);
    this.#overloaded.pause(own.overloaded);
    const count = deliver([...others.deliveries, ...own.deliveries], change.seq);
    if (count > 0) this.#oldestUnsent ??= change.time;
    this.#metrics.delivered((performance.now() - startedAt) / 1000, count);
  }

  /** One function for all sessions, not one for each. */
  readonly #sessionClosed = (session: Session<Principal>, reason: CloseReason | "client"): void => {
    this.#roster.remove(session);
    this.#closedSessions.set(session.id, { reason, at: Date.now(), seq: this.#position.seq });
    this.#metrics.closed(reason);
    this.#onClosed(session);
  };

  #allFlushed(): void {
    if (this.#oldestUnsent === undefined) return;
    this.#metrics.flushed(Math.max(0, Date.now() - this.#oldestUnsent) / 1000);
    this.#oldestUnsent = undefined;
  }
}
