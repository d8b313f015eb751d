import {
  type ClientId,
  type Cursor,
  type Epoch,
  formatCursor,
  type Subscription,
  type OutgoingEvent,
  resyncEvent,
} from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { CatchUp } from "./catch-up.ts";
import { deliver, type AudienceDelivery } from "./deliver.ts";
import { type ClosedSession, newClosedSessions } from "./closed-sessions.ts";
import { type Codec, FrameSet } from "./frame.ts";
import { type Heartbeats, heartbeatsOf } from "./heartbeats.ts";
import type { HubOptions } from "./hub-options.ts";
import { type HubMetrics, NO_HUB_METRICS } from "./hub-metrics.ts";
import { FlushScheduler } from "./flush-scheduler.ts";
import { DeliveryPosition } from "./delivery-position.ts";
import { Roster } from "./roster.ts";
import { Session, type SessionInit } from "./session.ts";
import { type VisibilityChanges, Reassignments, staying } from "./reassignments.ts";
import type { Audience } from "./topic-index.ts";
import type { Visibility } from "./visibility.ts";
import type { CloseReason } from "./wire.ts";

/** Beats on end that a full socket is waited for. */
const MAX_MISSED_BEATS = 3;

/** From one change to all its listeners; the roster says who they are, the catch-up serves those who come back. */
export class Hub<Principal> {
  readonly #epoch: Epoch;
  readonly #visibility: Visibility<Principal>;
  readonly #onError: (error: unknown, change: Change | undefined) => void;
  readonly #progress: DeliveryPosition;
  readonly #roster: Roster<Principal>;
  readonly #catchUp: CatchUp<Principal>;
  readonly #outbox: FlushScheduler;
  readonly #shifts: Reassignments<Principal>;
  readonly #meters: HubMetrics;
  readonly #departures = newClosedSessions();
  readonly #onSubscribed: (session: Session<Principal>) => void;
  readonly #onLeft: (session: Session<Principal>) => void;
  #unlogged: Promise<void> = Promise.resolve();
  /** When the oldest change was written that has not left for all sockets yet. */
  #oldestUnsent: number | undefined;

  constructor(options: HubOptions<Principal>) {
    const {
      epoch,
      head,
      history,
      visibility,
      maxQueueBytes,
      meters = NO_HUB_METRICS,
      onSubscribed = () => {},
      onLeft = () => {},
      onError,
    } = options;
    this.#epoch = epoch;
    this.#visibility = visibility;
    this.#onError = onError;
    this.#onSubscribed = onSubscribed;
    this.#onLeft = onLeft;
    this.#progress = new DeliveryPosition(head);
    this.#roster = new Roster(visibility);
    this.#meters = meters;
    this.#outbox = new FlushScheduler(maxQueueBytes, () => this.#flushed());
    this.#shifts = new Reassignments(({ subscription, principal }) => visibility.remember(subscription, principal));
    this.#catchUp = new CatchUp({
      epoch,
      history,
      progress: this.#progress,
      meters,
      topicsOf: (change) => visibility.topicsOf(change),
      present: (change, audience) => this.#present(change, audience, "replayed"),
      mayMove: (change, { subscription, principal }) => visibility.mayMove(change, subscription, principal),
      onError: (error) => onError(error, undefined),
    });
  }

  get size(): number {
    return this.#roster.size;
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

  /** A new connection; it hears nothing until it subscribes. */
  open(init: SessionInit<Principal>): Session<Principal> {
    const session = new Session(init, this.#outbox, this.#left);
    this.#roster.add(session);
    return session;
  }

  /**
   * Replaces who the session is and all that it listens to, before the next change is told. A change that is being told
   * reaches the session by what it listened to before: taken out of its audiences meanwhile, it would miss it.
   *
   * @param since the cursor up to which the client has seen everything; all that it missed comes first
   */
  subscribe(
    session: Session<Principal>,
    principal: Principal,
    subscriptions: readonly Subscription[],
    since?: Cursor,
  ): void {
    this.#progress.between(() => {
      if (session.closed) return;
      const known = new Set(session.audiences.map(({ subscription }) => subscription.name));
      this.#roster.reseat([session], () => {
        session.listens = true;
        session.principal = principal;
        session.subscriptions = subscriptions;
      });
      this.#onSubscribed(session);
      if (subscriptions.length === 0 && !since) return;
      const from = since ?? session.since;
      session.since = undefined;
      session.hearsFrom = Math.min(from?.seq ?? this.#progress.seq, this.#progress.seq);
      if (from) this.#catchUp.start(session, from, known);
    });
  }

  /** Runs the work when no change is being told: at once, or as soon as the one at hand is done. */
  between(work: () => void): void {
    this.#progress.between(work);
  }

  /** Makes another principal of the sessions' own. Called between two changes. */
  become(sessions: readonly Session<Principal>[], principal: Principal): void {
    this.#catchUp.forget();
    this.#shifts.note(sessions);
    this.#roster.reseat(sessions, (session) => {
      session.principal = principal;
    });
  }

  /**
   * Sorts everyone anew: collections have changed, so those who were alike may not be any more. Called between two
   * changes.
   *
   * @param enforce puts the changed collections in force
   * @param revise what a principal is under them
   */
  regroup(enforce: () => void, revise: (principal: Principal) => Principal): void {
    this.#catchUp.forget();
    this.#shifts.note(this.#roster.all());
    enforce();
    this.#roster.reseat(this.#roster.all(), (session) => {
      session.principal = revise(session.principal);
    });
  }

  /** Tells one change to all who may see it. Resolves when it is queued for each of them. */
  fanOut(change: Change): Promise<void> {
    return this.#progress.tell(change.seq, () => this.#tell(change));
  }

  /**
   * Tells what is in no log, one after the other, to those who keep up: who catches up or whose socket is full goes
   * without.
   */
  tellUnlogged(change: Change): Promise<void> {
    const told = this.#unlogged.then(async () => {
      deliver(await this.#seen(change, undefined), undefined);
    });
    this.#unlogged = told.catch(() => {});
    return told;
  }

  /** Keeps quiet connections alive and ends dead ones. Called for a share of the sessions at a time. */
  beat(sessions: Iterable<Session<Principal>>): void {
    const cursor = formatCursor({ epoch: this.#epoch, seq: this.#progress.seq });
    const heartbeats = new Map<Codec, Heartbeats>();
    for (const session of sessions) {
      this.#meters.queued(session.standing.queuedBytes);
      const { codec } = session;
      let heartbeat = heartbeats.get(codec);
      if (!heartbeat) heartbeats.set(codec, (heartbeat = heartbeatsOf(codec, cursor)));
      session.beat(heartbeat, MAX_MISSED_BEATS);
    }
  }

  /** The seq of the newest change that was told to everyone. */
  get seq(): number {
    return this.#progress.seq;
  }

  /** How a connection ended that is not here any more, if it was here lately. */
  departure(id: ClientId): ClosedSession | undefined {
    return this.#departures.get(id);
  }

  /** One function for all sessions, not one for each. */
  readonly #left = (session: Session<Principal>, reason: CloseReason | "client"): void => {
    this.#roster.remove(session);
    this.#departures.set(session.id, { reason, at: Date.now(), seq: this.#progress.seq });
    this.#meters.closed(reason);
    this.#onLeft(session);
  };

  #flushed(): void {
    if (this.#oldestUnsent === undefined) return;
    this.#meters.flushed(Math.max(0, Date.now() - this.#oldestUnsent) / 1000);
    this.#oldestUnsent = undefined;
  }

  async #tell(change: Change): Promise<void> {
    const cursor = formatCursor({ epoch: this.#epoch, seq: change.seq });
    const startedAt = performance.now();
    const heard = [...(await this.#moved(change, cursor)), ...(await this.#seen(change, cursor))];
    const deliveries = deliver(heard, change.seq);
    if (deliveries > 0) this.#oldestUnsent ??= change.time;
    this.#meters.told((performance.now() - startedAt) / 1000, deliveries);
  }

  /** The change itself, to all who may see it. */
  async #seen(change: Change, cursor: string | undefined): Promise<AudienceDelivery<Principal>[]> {
    const held = ({ subscription, principal }: Audience<Principal>) =>
      this.#orElse<readonly unknown[] | undefined>(change, undefined, () =>
        this.#visibility.held(change, subscription, principal),
      );
    const topics = this.#visibility.topicsOf(change);
    const audiences = (await Promise.all(topics.map((topic) => this.#roster.audiences(topic, held)))).flat();
    // All are asked before the first answer, so that what takes the database can be asked for everyone together.
    const answers = await Promise.all(audiences.map((audience) => this.#present(change, audience, "live")));
    const heard: AudienceDelivery<Principal>[] = [];
    // All are of one record, so those with the same data are the same.
    const framesOf = new Map<string, FrameSet>();
    for (const [i, telling] of answers.entries()) {
      if (!telling) continue;
      let frames = framesOf.get(telling.data);
      if (!frames) framesOf.set(telling.data, (frames = new FrameSet(telling, cursor)));
      const { sessions, codec, subscription } = audiences[i]!;
      heard.push({ sessions, codec, name: subscription.label, frames });
    }
    return heard;
  }

  /** What else the change moves into and out of someone's sight, before it is told itself. */
  async #moved(change: Change, cursor: string): Promise<AudienceDelivery<Principal>[]> {
    const shifts = this.#shifts.take();
    const shifted = new Set(shifts.map(({ audience }) => audience));
    const asked = shifts.map(({ audience, sessions, moves }) => ({
      audience,
      sessions,
      moves: () => moves(change, audience.principal),
    }));
    for (const audience of this.#roster.followers(change.collection)) {
      const { subscription, principal } = audience;
      // Whoever the change made another has been asked about all that it moves.
      const sessions = shifted.has(audience) ? new Set(staying(audience, shifts)) : audience.sessions;
      asked.push({ audience, sessions, moves: () => this.#visibility.moves(change, subscription, principal) });
    }
    // Where it can't be said what moved, everything must be read anew.
    const answers = await Promise.all(
      asked.map(({ moves }) => this.#orElse<VisibilityChanges>(change, "unknown", moves)),
    );
    return answers.flatMap((answer, i) => {
      const { audience, sessions } = asked[i]!;
      const { codec, subscription } = audience;
      const moved = answer === "unknown" ? [resyncEvent("visibility", cursor, change.time)] : answer;
      return moved.map((telling) => ({
        sessions,
        codec,
        name: subscription.label,
        frames: new FrameSet(telling, cursor),
      }));
    });
  }

  #present(
    change: Change,
    { subscription, principal }: Audience<Principal>,
    told: "live" | "replayed",
  ): Promise<OutgoingEvent | undefined> {
    return this.#orElse(change, undefined, () => this.#visibility.present(change, subscription, principal, told));
  }

  /** What one audience can't be answered must cost the others nothing. */
  async #orElse<Answer>(change: Change, otherwise: Answer, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      this.#onError(error, change);
      return otherwise;
    }
  }
}
