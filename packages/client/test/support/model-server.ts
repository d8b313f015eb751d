import { encodeEvent, formatCursor, parseCursor, parseSubscription, type Epoch } from "@headwater/protocol";
import type { FakeClock } from "./fake-clock.ts";

/** A change of one record in the only collection. */
export interface ModelChange {
  readonly seq: number;
  readonly record: string;
  /** The change also affects the visibility of other records, too many to send one by one. */
  readonly changesVisibility: boolean;
}

export interface ModelFrame {
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
}

/** Changes sent in one step of a replay. */
const REPLAY_STEP = 3;

/**
 * A Headwater server reduced to what docs/protocol.md says, small enough to check by reading: a log, sessions, and the
 * events each session gets. It responds at once; delays, losses and cuts come from the network.
 */
export class ModelServer {
  readonly #clock: FakeClock;
  readonly #sessions = new Set<ModelSession>();
  #epoch = 1;
  #floor = 0;
  /** The log of each epoch. */
  readonly logs = new Map<string, ModelChange[]>([["e1", []]]);

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.#scheduleHeartbeat();
  }

  get epoch(): Epoch {
    return `e${this.#epoch}` as Epoch;
  }

  get log(): ModelChange[] {
    return this.logs.get(this.epoch)!;
  }

  get head(): number {
    return this.log.length;
  }

  get floor(): number {
    return this.#floor;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** The subscriptions of all connections. */
  get names(): readonly string[] {
    return [...this.#sessions].flatMap((session) => session.names);
  }

  get cursor(): string {
    return formatCursor({ epoch: this.epoch, seq: this.head });
  }

  write(record: string, changesVisibility = false): void {
    const change = { seq: this.head + 1, record, changesVisibility };
    this.log.push(change);
    for (const session of this.#sessions) session.deliverLive(change);
  }

  /** Removes all but the last `keep` changes from the log. */
  trim(keep: number): void {
    this.#floor = Math.max(this.#floor, this.head - keep);
  }

  /** Replaces the database by another one: the log starts a new epoch. */
  restore(): void {
    for (const session of this.#sessions) session.end();
    this.#epoch += 1;
    this.#floor = 0;
    this.logs.set(this.epoch, []);
  }

  open(send: (frame: ModelFrame) => void, onEnd: () => void): ModelSession {
    const session = new ModelSession(this, this.#clock, send, () => {
      this.#sessions.delete(session);
      onEnd();
    });
    this.#sessions.add(session);
    return session;
  }

  #scheduleHeartbeat(): void {
    this.#clock.timer(20_000, () => {
      for (const session of this.#sessions) session.heartbeat();
      this.#scheduleHeartbeat();
    });
  }
}

export class ModelSession {
  readonly #server: ModelServer;
  readonly #clock: FakeClock;
  readonly #send: (frame: ModelFrame) => void;
  readonly #onEnd: () => void;
  #names: readonly string[] = [];
  #catchUp: { readonly from: Map<string, number>; progress: number } | undefined;
  #ended = false;

  constructor(server: ModelServer, clock: FakeClock, send: (frame: ModelFrame) => void, onEnd: () => void) {
    this.#server = server;
    this.#clock = clock;
    this.#send = send;
    this.#onEnd = onEnd;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }

  subscribe(names: readonly string[], since: string | undefined): void {
    const known = new Set(this.#names);
    this.#names = names;
    const cursor = parseCursor(since ?? "");
    if (!cursor || names.length === 0) return;
    const position = this.#catchUp?.progress ?? this.#server.head;
    const from = new Map(
      names.map((name) => [
        name,
        known.has(name) ? Math.max(position, this.#catchUp?.from.get(name) ?? 0) : cursor.seq,
      ]),
    );
    const reason = this.#refusal(cursor.epoch, cursor.seq);
    if (reason) this.#resync(reason, position);
    const isReplaying = this.#catchUp !== undefined;
    this.#catchUp = reason ? { from: new Map(), progress: position } : { from, progress: Math.min(...from.values()) };
    if (!isReplaying) this.#replaySoon();
  }

  deliverLive(change: ModelChange): void {
    if (!this.#catchUp) this.#deliver(change, this.#names);
  }

  /** Carries the cursor, unless the session is catching up. */
  heartbeat(): void {
    this.#send({ name: undefined, id: this.#catchUp ? undefined : this.#server.cursor, data: "" });
  }

  #refusal(epoch: string, seq: number): string | undefined {
    if (epoch !== this.#server.epoch) return "epoch";
    if (seq > this.#server.head) return "unknown";
    return seq < this.#server.floor ? "expired" : undefined;
  }

  #resync(reason: string, seq: number): void {
    const cursor = formatCursor({ epoch: this.#server.epoch, seq });
    this.#send({ name: "resync", id: cursor, data: JSON.stringify({ reason, cursor }) });
  }

  #replaySoon(): void {
    this.#clock.timer(1, () => this.#replay());
  }

  #replay(): void {
    const catchUp = this.#catchUp;
    if (!catchUp || this.#ended) return;
    if (catchUp.progress < this.#server.floor) {
      catchUp.progress = this.#server.head;
      this.#resync("expired", catchUp.progress);
    }
    const changes = this.#server.log.slice(catchUp.progress, catchUp.progress + REPLAY_STEP);
    // Past visibility changes can't be computed from the log.
    if (
      changes.some(
        ({ changesVisibility, seq }) => changesVisibility && [...catchUp.from.values()].some((from) => seq > from),
      )
    ) {
      catchUp.progress = this.#server.head;
      this.#resync("visibility", catchUp.progress);
      return this.#replaySoon();
    }
    for (const change of changes) {
      this.#deliver(
        change,
        this.#names.filter((name) => change.seq > (catchUp.from.get(name) ?? 0)),
      );
      catchUp.progress = change.seq;
    }
    if (catchUp.progress < this.#server.head) this.#replaySoon();
    else this.#catchUp = undefined;
  }

  /** Only the last event of a change carries the cursor. */
  #deliver({ seq, record, changesVisibility }: ModelChange, names: readonly string[]): void {
    const cursor = formatCursor({ epoch: this.#server.epoch, seq });
    const update = JSON.stringify({ record: { id: record, seq }, action: "update" });
    const events = names.filter((name) => isAbout(name, record)).map((name) => ({ name, data: update }));
    const resyncs = names
      .filter((name) => changesVisibility && !isAbout(name, record))
      .map((name) => JSON.stringify({ reason: "visibility", cursor, subscriptions: [name] }));
    const all = [...events, ...resyncs.map((data) => ({ name: "resync", data }))];
    for (const [i, event] of all.entries()) this.#send({ ...event, id: i === all.length - 1 ? cursor : undefined });
  }
}

/** Whether a subscription matches the record: its topic is `items/*` or `items/ID`. Options don't matter. */
export function isAbout(name: string, record: string): boolean {
  const { topic } = parseSubscription(name);
  return topic === "items/*" || topic === `items/${record}`;
}

/** Size of the frame as the real server encodes it. */
export const frameBytes = ({ name, id, data }: ModelFrame): number =>
  name === undefined ? 8 : encodeEvent({ ...(id !== undefined && { id }), event: name, data }).length;
