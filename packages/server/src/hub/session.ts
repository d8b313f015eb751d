import type { ClientId, Subscription } from "@headwater/protocol";
import type { Bucket } from "../lib/scheduling/token-bucket.ts";
import type { Cursor } from "../log/cursors.ts";
import type { AudienceKind } from "./audience-kind.ts";
import { type EvaluationUsage, newUsage } from "./evaluation/evaluation-usage.ts";
import type { FlushScheduler } from "./flush-scheduler.ts";
import type { Codec, Frame } from "./frame.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { Queue, QueueOwner } from "./queue.ts";
import { lowestSeq, type Replay, type Since } from "./replay/replay.ts";
import { type CloseReason, isOrderly, type Wire } from "./wire.ts";

/** Sessions subscribed to one topic under one event name, for which every result is the same. */
export interface Audience<Principal> extends AudienceKind {
  /** How events are encoded for all of them. */
  readonly codec: Codec;
  readonly subscription: Subscription;
  /** The principal of any of them: they are alike in all that matters here. */
  readonly principal: Principal;
  readonly sessions: Set<Session<Principal>>;
}

/** The stages of a connection, in their order; a live one that subscribes with a cursor catches up again. */
export type SessionState =
  /** Open. Its client has not subscribed yet. */
  | { readonly kind: "connected" }
  /** Reads from the log what it missed; live changes pass it by. */
  | { readonly kind: "catching-up"; readonly replay: Replay }
  /** Gets each change as it is delivered. */
  | { readonly kind: "live" }
  | { readonly kind: "closed" };

const CONNECTED: SessionState = { kind: "connected" };
const LIVE: SessionState = { kind: "live" };
const CLOSED: SessionState = { kind: "closed" };

/** What a connection begins with. */
export interface SessionInit<Principal> {
  readonly id: ClientId;
  readonly address: string;
  readonly principal: Principal;
  readonly wire: Wire;
  readonly codec: Codec;
  /** The cursor that the client sent when it connected; its first subscription resumes from there. */
  readonly since: Cursor | undefined;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
}

export interface SessionStatus {
  readonly state: "live" | "catching-up" | "blocked";
  /** The seq up to which it has been sent everything; `undefined`: as far as the hub itself. */
  readonly deliveredTo: number | undefined;
  readonly queuedBytes: number;
}

type OnClosed<Principal> = (session: Session<Principal>, reason: CloseReason | "client") => void;

/** One connection: its principal, its subscriptions, and what waits to be sent to it. The hub moves it from state to state. */
export class Session<Principal> implements QueueOwner {
  readonly id: ClientId;
  /** The peer's address: only requests from there may change the subscriptions. */
  readonly address: string;
  readonly openedAt: number;
  /** How its transport encodes events. */
  readonly codec: Codec;
  /** Limits its requests for other subscriptions. */
  readonly requests: Bucket = { fullAt: 0 };
  /** Limits what is spent on evaluating its subscriptions. */
  readonly evaluation: EvaluationUsage = newUsage();
  #state: SessionState = CONNECTED;
  #principal: Principal;
  #subscriptions: readonly Subscription[] = [];
  #audiences: readonly Audience<Principal>[] = [];
  #since: Cursor | undefined;
  #subscribedFromSeq = 0;
  /** A live session has everything up to here. Not part of the state: all live sessions share one state object. */
  #liveFromSeq = 0;
  #missedHeartbeats = 0;
  readonly #wire: Wire;
  readonly #queue: Queue;
  readonly #onClosed: OnClosed<Principal>;

  constructor(init: SessionInit<Principal>, flushes: FlushScheduler, onClosed: OnClosed<Principal>) {
    this.id = init.id;
    this.address = init.address;
    this.openedAt = init.openedAt;
    this.codec = init.codec;
    this.#principal = init.principal;
    this.#since = init.since;
    this.#wire = init.wire;
    this.#onClosed = onClosed;
    this.#queue = flushes.queue(init.wire, this);
  }

  get state(): SessionState {
    return this.#state;
  }

  get isClosed(): boolean {
    return this.#state === CLOSED;
  }

  /** Whether it gets changes as they are delivered. */
  get isLive(): boolean {
    return this.#state === LIVE;
  }

  /** The replay under way; another one, or none, once the session has moved on. */
  get replay(): Replay | undefined {
    return this.#state.kind === "catching-up" ? this.#state.replay : undefined;
  }

  get principal(): Principal {
    return this.#principal;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions;
  }

  /** True once its client has sent a set of subscriptions, even an empty one. */
  get hasSubscribed(): boolean {
    return this.#state !== CONNECTED;
  }

  /** Changes up to this seq were committed before its current subscriptions. */
  get subscribedFromSeq(): number {
    return this.#subscribedFromSeq;
  }

  /** The audiences that the roster put it in. */
  get audiences(): readonly Audience<Principal>[] {
    return this.#audiences;
  }

  get status(): SessionStatus {
    const state = this.replay ? "catching-up" : this.#queue.blocked ? "blocked" : "live";
    return { state, deliveredTo: this.replay?.position, queuedBytes: this.#queue.size };
  }

  /** What its client calls the subscriptions with these names. */
  labelsOf(names: readonly string[]): readonly string[] {
    const wanted = new Set(names);
    return this.#subscriptions.filter(({ name }) => wanted.has(name)).map(({ label }) => label);
  }

  changePrincipal(principal: Principal): void {
    this.#principal = principal;
  }

  /** Replaces all subscriptions. */
  subscribed(principal: Principal, subscriptions: readonly Subscription[]): void {
    if (this.#state === CONNECTED) this.#state = LIVE;
    this.#principal = principal;
    this.#subscriptions = subscriptions;
  }

  indexed(audiences: readonly Audience<Principal>[]): void {
    this.#audiences = audiences;
  }

  /**
   * Notes from where on its subscriptions count. The cursor that the client sent when it connected counts once.
   *
   * @param since what came with the subscriptions
   * @param head the seq of the newest delivered change
   * @returns what to catch up from, if there is anything
   */
  resumeFrom(since: Since | undefined, head: number): Since | undefined {
    const resumed = since ?? this.#since;
    this.#since = undefined;
    this.#subscribedFromSeq = Math.min(lowestSeq(resumed) ?? head, head);
    return resumed;
  }

  /** From here on the replay alone sends changes; one that was under way is abandoned. */
  startCatchUp(replay: Replay): void {
    if (this.#state !== CLOSED) this.#state = { kind: "catching-up", replay };
  }

  /** From here on changes after `seq` are delivered as they come. */
  goLive(seq: number): void {
    if (this.#state === CLOSED) return;
    this.#state = LIVE;
    this.#liveFromSeq = seq;
  }

  /**
   * Queues the frames of a live change; they leave in the next turn of the loop, or when the socket drains. Does nothing
   * for a session that has the change already or will read it from the log.
   *
   * @param seq `undefined` for an event that is in no log: a session with a backlog goes without
   */
  deliver(frames: readonly Frame[], seq: number | undefined): void {
    if (this.#state !== LIVE) return;
    if (seq === undefined ? this.hasRoom : seq > this.#liveFromSeq) this.#queue.push(frames);
  }

  /** Queues frames in any state: those of a replay, or about the connection itself. */
  send(frames: readonly Frame[]): void {
    this.#queue.push(frames);
  }

  get hasRoom(): boolean {
    return this.#queue.hasRoom;
  }

  /** Resolves when little enough waits that a replay can go on without overflowing the queue. */
  waitForRoom(): Promise<void> {
    return this.#queue.waitForRoom();
  }

  /** The socket took everything. */
  drained(): void {
    this.#missedHeartbeats = 0;
    this.#queue.drained();
  }

  /**
   * Keeps a quiet connection alive, and ends one whose socket was full for `maxMissed` heartbeats in a row.
   *
   * @param heartbeats clients ignore all of a heartbeat but its cursor, which says that they have everything up to it: so
   *   a session that has yet to catch up gets one without
   */
  heartbeat({ caughtUp, catchingUp }: Heartbeats, maxMissed: number): void {
    if (this.#queue.blocked) {
      this.#missedHeartbeats += 1;
      if (this.#missedHeartbeats >= maxMissed) this.close("dead");
      return;
    }
    const heartbeat = this.replay || this.#since ? catchingUp : caughtUp;
    if (heartbeat && !this.#queue.active && this.#queue.size === 0) this.#queue.write(heartbeat);
    this.#queue.active = false;
  }

  /** Ends the connection from our side. An orderly end still sends what waits. */
  close(reason: CloseReason): void {
    if (this.isClosed) return;
    if (isOrderly(reason)) this.#queue.flush();
    this.ended(reason);
    this.#wire.close(reason);
  }

  /** The connection is gone, whichever side ended it. */
  ended(reason: CloseReason | "client" = "client"): void {
    if (this.isClosed) return;
    this.#state = CLOSED;
    this.#queue.end();
    this.#onClosed(this, reason);
  }

  /** Too much waits: the client must reconnect and read it from the log. */
  overflow(): void {
    this.close("slow");
  }
}
