import type { ClientId, Cursor, Subscription } from "@headwater/protocol";
import type { Bucket } from "../lib/token-bucket.ts";
import type { Codec, Frame } from "./frame.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { FlushScheduler } from "./flush-scheduler.ts";
import type { Queue, QueueOwner } from "./queue.ts";
import type { Audience } from "./topic-index.ts";
import type { CloseReason, Wire } from "./wire.ts";

/** A session that reads the log: nothing live reaches it. */
export interface Hold {
  /** Up to where each subscription, by its name, has everything. */
  readonly from: ReadonlyMap<string, number>;
  /** Up to where the session was told. */
  progress: number;
}

/** What a connection begins with. */
export interface SessionInit<Principal> {
  readonly id: ClientId;
  readonly address: string;
  readonly principal: Principal;
  readonly wire: Wire;
  readonly codec: Codec;
  /** Where its client was when it was connected before: counts at its first subscription. */
  readonly since: Cursor | undefined;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
}

/** How it stands with a connection. */
export interface SessionStatus {
  readonly state: "live" | "catching-up" | "blocked";
  /** The seq up to which it was told; `undefined`: as far as everyone. */
  readonly toldTo: number | undefined;
  readonly queuedBytes: number;
}

/** One live connection: who it is, what it listens to, and what waits for it. */
export class Session<Principal> implements QueueOwner {
  readonly id: ClientId;
  /** The peer's address: only requests from there may change the subscriptions. */
  readonly address: string;
  principal: Principal;
  /** Where its client was when it was here before, until it subscribes. */
  since: Cursor | undefined;
  subscriptions: readonly Subscription[] = [];
  /** It has said what it listens to, be that nothing: from then on it hears what is for everyone. */
  listens = false;
  /** Where the hub has put it. */
  audiences: readonly Audience<Principal>[] = [];
  hold: Hold | undefined;
  readonly openedAt: number;
  /** How its transport writes. */
  readonly codec: Codec;
  /** The seq behind which it hears of changes since it last said what it listens to. */
  hearsFrom = 0;
  /** Of its requests for other subscriptions. */
  readonly requests: Bucket = { fullAt: 0 };
  readonly #wire: Wire;
  readonly #queue: Queue;
  readonly #onClose: (session: Session<Principal>, reason: CloseReason | "client") => void;
  #closed = false;
  #blockedBeats = 0;
  /** The seq up to which it has everything. */
  #reached = 0;

  constructor(
    init: SessionInit<Principal>,
    outbox: FlushScheduler,
    onClose: (session: Session<Principal>, reason: CloseReason | "client") => void,
  ) {
    this.id = init.id;
    this.address = init.address;
    this.principal = init.principal;
    this.since = init.since;
    this.openedAt = init.openedAt;
    this.codec = init.codec;
    this.#wire = init.wire;
    this.#onClose = onClose;
    this.#queue = outbox.queue(init.wire, this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get standing(): SessionStatus {
    const state = this.hold ? "catching-up" : this.#queue.blocked ? "blocked" : "live";
    return { state, toldTo: this.hold?.progress, queuedBytes: this.#queue.size };
  }

  /**
   * Queues the frames of a live change, unless the session has it already or will read it from the log.
   * What has no `seq` is in no log: a session that has not kept up goes without.
   * They leave in the next turn of the loop, or when the socket drains.
   */
  deliver(frames: readonly Frame[], seq: number | undefined): void {
    if (this.hold) return;
    if (seq === undefined ? this.hasRoom : seq > this.#reached) this.#queue.push(frames);
  }

  /** Queues frames whatever the state: of a change that is replayed, or about the connection itself. */
  send(frames: readonly Frame[]): void {
    this.#queue.push(frames);
  }

  /** Live again: changes above `reached` are delivered. */
  release(reached: number): void {
    this.hold = undefined;
    this.#reached = reached;
  }

  /** Resolves at once, or when what waits has left: a replay must not overflow the queue that it fills. */
  room(): Promise<void> {
    return this.#queue.room();
  }

  get hasRoom(): boolean {
    return this.#queue.hasRoom;
  }

  /** The wire took all that was sent. */
  drained(): void {
    this.#blockedBeats = 0;
    this.#queue.drained();
  }

  /**
   * Keeps a quiet connection alive, and ends one whose socket has been full for `patience` beats on end.
   *
   * @param heartbeats what clients ignore, but for the cursor in it: a session that has nothing on its way has seen
   *   everything up to there, one that has not caught up yet, or not said with what, has not
   */
  beat({ caughtUp, catchingUp }: Heartbeats, patience: number): void {
    if (this.#queue.blocked) {
      this.#blockedBeats += 1;
      if (this.#blockedBeats >= patience) this.close("dead");
      return;
    }
    const heartbeat = this.hold || this.since ? catchingUp : caughtUp;
    if (heartbeat && !this.#queue.active && this.#queue.size === 0) this.#queue.write(heartbeat);
    this.#queue.active = false;
  }

  /** Ends the connection from our side; a peer that reads still gets what was on its way. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    if (reason === "shutdown") this.#queue.flush();
    this.ended(reason);
    this.#wire.close(reason);
  }

  /** The connection is gone, whoever ended it. */
  ended(reason: CloseReason | "client" = "client"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.end();
    this.#onClose(this, reason);
  }

  /** More waits than may: its client must come back and read it from the log. */
  overflow(): void {
    this.close("slow");
  }
}
