import {
  type ClientId,
  type Cursor,
  encodeHeartbeat,
  type Epoch,
  formatCursor,
  HEARTBEAT,
  type Subscription,
} from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { CatchUp, type History } from "./catch-up.ts";
import { FrameSet } from "./frame.ts";
import { Outbox } from "./outbox.ts";
import { Session } from "./session.ts";
import { type Audience, type AudienceKind, TopicIndex } from "./topic-index.ts";
import type { CloseReason, Wire } from "./wire.ts";

/** Who may see what, and how it looks: the hub asks, and knows no rule, no record and no database. */
export interface Visibility<Principal> {
  /** The topics that a change appears on, each once. */
  topicsOf(change: Change): readonly string[];
  /** Which listeners are alike, and which changes can concern them at all. */
  audienceOf(subscription: Subscription, principal: Principal): AudienceKind;
  /** The event's data as one line of JSON; `undefined` for those who may not see it. */
  present(change: Change, subscription: Subscription, principal: Principal): Promise<string | undefined>;
  /** Equal for equal principals. */
  principalKey(principal: Principal): string;
}

export interface HubOptions<Principal> {
  readonly epoch: Epoch;
  /** The seq of the last change that needs no telling. */
  readonly head: number;
  readonly history: History;
  readonly visibility: Visibility<Principal>;
  /** Bytes that may wait for one connection before it is closed and must come back. */
  readonly maxQueueBytes: number;
  /** Told of an audience that could not be answered; the others are served all the same. */
  readonly onError: (error: unknown, change: Change | undefined) => void;
}

const encoder = new TextEncoder();
const COMMENT = encoder.encode(HEARTBEAT);
/** Beats on end that a full socket is waited for. */
const PATIENCE = 3;

/** Who is here, what they listen to, and the way from one change to all of them. */
export class Hub<Principal> {
  readonly #epoch: Epoch;
  readonly #visibility: Visibility<Principal>;
  readonly #onError: (error: unknown, change: Change | undefined) => void;
  readonly #catchUp: CatchUp<Principal>;
  readonly #outbox: Outbox;
  readonly #index: TopicIndex<Principal>;
  readonly #sessions = new Map<ClientId, Session<Principal>>();
  readonly #byPrincipal = new Map<string, Set<Session<Principal>>>();
  #seq: number;
  #telling = false;
  #afterTelling: (() => void)[] = [];

  constructor({ epoch, head, history, visibility, maxQueueBytes, onError }: HubOptions<Principal>) {
    this.#epoch = epoch;
    this.#seq = head;
    this.#visibility = visibility;
    this.#onError = onError;
    this.#outbox = new Outbox(maxQueueBytes);
    this.#index = new TopicIndex((subscription, principal) => visibility.audienceOf(subscription, principal));
    const seq = (): number => this.#seq;
    this.#catchUp = new CatchUp(
      {
        epoch,
        history,
        get seq() {
          return seq();
        },
        topicsOf: (change) => visibility.topicsOf(change),
        present: (change, audience) => this.#present(change, audience),
        betweenChanges: (work) => this.#betweenChanges(work),
      },
      (error) => onError(error, undefined),
    );
  }

  get size(): number {
    return this.#sessions.size;
  }

  session(id: ClientId): Session<Principal> | undefined {
    return this.#sessions.get(id);
  }

  sessions(): Iterable<Session<Principal>> {
    return this.#sessions.values();
  }

  sessionsOf(principalKey: string): readonly Session<Principal>[] {
    return [...(this.#byPrincipal.get(principalKey) ?? [])];
  }

  /** The seq of the newest change that was told to everyone. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * A new connection; it hears nothing until it subscribes.
   *
   * @param init.since where it was when it was connected before: counts at its first subscription
   */
  open(init: {
    readonly id: ClientId;
    readonly address: string;
    readonly principal: Principal;
    readonly wire: Wire;
    readonly since: Cursor | undefined;
  }): Session<Principal> {
    const session = new Session(init, this.#outbox, (closed) => this.#remove(closed));
    this.#sessions.set(session.id, session);
    this.#enlist(session);
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
    this.#betweenChanges(() => {
      if (session.closed) return;
      const known = new Set(session.subscriptions.map(({ name }) => name));
      this.#delist(session);
      session.principal = principal;
      session.subscriptions = subscriptions;
      this.#enlist(session);
      if (subscriptions.length === 0) return;
      const from = since ?? session.since;
      session.since = undefined;
      if (from) this.#catchUp.start(session, from, known);
    });
  }

  /** Makes other principals of the sessions' own, all at once: an audience must never mix the old and the new. */
  become(sessions: readonly Session<Principal>[], principal: Principal): void {
    this.#catchUp.forget();
    for (const session of sessions) this.#delist(session);
    for (const session of sessions) {
      session.principal = principal;
      this.#enlist(session);
    }
  }

  /**
   * Sorts everyone anew: collections have changed, so those who were alike may not be any more.
   *
   * @param revise what a principal is from now on
   */
  regroup(revise: (principal: Principal) => Principal): void {
    this.#catchUp.forget();
    for (const session of this.#sessions.values()) this.#delist(session);
    for (const session of this.#sessions.values()) {
      session.principal = revise(session.principal);
      this.#enlist(session);
    }
  }

  /** Tells one change to all who may see it. Resolves when it is queued for each of them. */
  async fanOut(change: Change): Promise<void> {
    this.#telling = true;
    try {
      await this.#tell(change);
    } finally {
      this.#telling = false;
      this.#seq = change.seq;
      for (const work of this.#afterTelling.splice(0)) work();
    }
  }

  async #tell(change: Change): Promise<void> {
    const { seq } = change;
    const record = change.after ?? change.before;
    const heard: (readonly [audience: Audience<Principal>, frames: FrameSet])[] = [];
    const cursor = formatCursor({ epoch: this.#epoch, seq });
    for (const topic of this.#visibility.topicsOf(change)) {
      for (const audience of this.#index.audiences(topic, (field) => record[field])) {
        const data = await this.#present(change, audience);
        if (data !== undefined) heard.push([audience, new FrameSet(cursor, data)]);
      }
    }
    if (heard.length === 1) {
      const [audience, frames] = heard[0]!;
      const frame = frames.frame(audience.subscription.name, true);
      for (const session of audience.sessions) session.deliver(frame, seq);
    } else if (heard.length > 1) {
      deliverAll(heard, seq);
    }
  }

  /** Keeps quiet connections alive and ends dead ones. Called for a share of the sessions at a time. */
  beat(sessions: Iterable<Session<Principal>>): void {
    const heartbeat = encoder.encode(encodeHeartbeat(formatCursor({ epoch: this.#epoch, seq: this.#seq })));
    for (const session of sessions) session.beat(heartbeat, COMMENT, PATIENCE);
  }

  /** Ends every connection. */
  closeAll(reason: CloseReason): void {
    for (const session of this.#sessions.values()) session.close(reason);
  }

  async #present(change: Change, { subscription, principal }: Audience<Principal>): Promise<string | undefined> {
    try {
      return await this.#visibility.present(change, subscription, principal);
    } catch (error) {
      this.#onError(error, change);
      return undefined;
    }
  }

  #betweenChanges(work: () => void): void {
    if (this.#telling) this.#afterTelling.push(work);
    else work();
  }

  #remove(session: Session<Principal>): void {
    this.#sessions.delete(session.id);
    this.#delist(session);
  }

  #enlist(session: Session<Principal>): void {
    const key = this.#visibility.principalKey(session.principal);
    let peers = this.#byPrincipal.get(key);
    if (!peers) this.#byPrincipal.set(key, (peers = new Set()));
    peers.add(session);
    session.audiences = session.subscriptions.map((subscription) => this.#index.add(session, subscription));
  }

  #delist(session: Session<Principal>): void {
    const key = this.#visibility.principalKey(session.principal);
    const peers = this.#byPrincipal.get(key);
    peers?.delete(session);
    if (peers?.size === 0) this.#byPrincipal.delete(key);
    for (const audience of session.audiences) this.#index.remove(session, audience);
    session.audiences = [];
  }
}

/** Where one change reaches a session more than once, only its last frame carries the cursor. */
function deliverAll<Principal>(heard: readonly (readonly [Audience<Principal>, FrameSet])[], seq: number): void {
  const last = new Map<Session<Principal>, Audience<Principal>>();
  for (const [audience] of heard) for (const session of audience.sessions) last.set(session, audience);
  for (const [audience, frames] of heard) {
    const { name } = audience.subscription;
    for (const session of audience.sessions) session.deliver(frames.frame(name, last.get(session) === audience), seq);
  }
}
