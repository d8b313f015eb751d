import { cursorPrefix, type CursorScope, encodeEvent, parseSubscription } from "@headwater/protocol";
import type { FakeClock } from "./fake-clock.ts";

/** The model's cursors can be read, to check what clients do with them. */
export interface ModelCursor {
  readonly epoch: string;
  readonly seq: number;
}

const formatCursor = ({ epoch, seq }: ModelCursor, scope: CursorScope = "all"): string =>
  `${cursorPrefix(scope)}${epoch}:${seq}`;

/** @returns `undefined` if the text is not a cursor */
export function parseCursor(text: string | undefined): ModelCursor | undefined {
  const [, epoch, seq] = /^[anp]\.(\w+):(\d+)$/.exec(text ?? "") ?? [];
  return epoch === undefined ? undefined : { epoch, seq: Number(seq) };
}

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

  get epoch(): string {
    return `e${this.#epoch}`;
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

  subscribe(names: readonly string[], since: ReadonlyMap<string, string>): void {
    const known = new Set(this.#names);
    const before = this.#catchUp;
    this.#names = names;
    const added = names.filter((name) => !known.has(name));
    if (!before && !added.some((name) => since.has(name))) return;
    const lost = new Map<string, string>();
    const startOf = (name: string): number => {
      if (known.has(name)) return before ? Math.max(before.progress, before.from.get(name) ?? 0) : this.#server.head;
      const cursor = parseCursor(since.get(name));
      const reason = cursor && this.#refusal(cursor);
      if (reason) lost.set(name, reason);
      return cursor && !reason ? cursor.seq : this.#server.head;
    };
    const from = new Map(names.map((name) => [name, startOf(name)]));
    this.#catchUp = { from, progress: Math.min(...from.values()) };
    for (const reason of new Set(lost.values())) {
      this.#resync(
        reason,
        names.filter((name) => lost.get(name) === reason),
      );
    }
    if (!before) this.#replaySoon();
  }

  deliverLive(change: ModelChange): void {
    if (!this.#catchUp) this.#deliver(change, this.#names);
  }

  /** Carries the cursor, unless the session is catching up. */
  heartbeat(): void {
    this.#send({ name: undefined, id: this.#catchUp ? undefined : this.#server.cursor, data: "" });
  }

  #refusal({ epoch, seq }: ModelCursor): string | undefined {
    if (epoch !== this.#server.epoch) return "epoch";
    if (seq > this.#server.head) return "unknown";
    return seq < this.#server.floor ? "expired" : undefined;
  }

  /** Names the subscriptions that it is about: these go on from now. */
  #resync(reason: string, names: readonly string[]): void {
    const isAboutAll = names.length === this.#names.length;
    const cursor = formatCursor({ epoch: this.#server.epoch, seq: this.#server.head }, isAboutAll ? "all" : "named");
    const id = isAboutAll ? cursor : undefined;
    this.#send({ name: "resync", id, data: JSON.stringify({ reason, cursor, subscriptions: names }) });
  }

  #replaySoon(): void {
    this.#clock.timer(1, () => this.#replay());
  }

  #replay(): void {
    const catchUp = this.#catchUp;
    if (!catchUp || this.#ended) return;
    const upTo = (name: string): number => Math.max(catchUp.progress, catchUp.from.get(name) ?? 0);
    const skip = (reason: string, names: readonly string[]): void => {
      if (names.length === 0) return;
      for (const name of names) catchUp.from.set(name, this.#server.head);
      this.#resync(reason, names);
      catchUp.progress = Math.min(this.#server.head, ...this.#names.map(upTo));
    };
    if (catchUp.progress < this.#server.floor) {
      skip(
        "expired",
        this.#names.filter((name) => upTo(name) < this.#server.head),
      );
      catchUp.progress = Math.max(catchUp.progress, this.#server.floor);
    }
    // Past visibility changes can't be computed from the log.
    const last = this.#server.log.findLast(({ changesVisibility }) => changesVisibility)?.seq ?? 0;
    skip(
      "visibility",
      this.#names.filter((name) => upTo(name) < last),
    );
    const changes = this.#server.log.slice(catchUp.progress, catchUp.progress + REPLAY_STEP);
    for (const change of changes) {
      this.#deliver(
        change,
        this.#names.filter((name) => change.seq > (catchUp.from.get(name) ?? 0)),
        [...catchUp.from.values()].some((from) => from > change.seq) ? "named" : "all",
      );
      catchUp.progress = change.seq;
    }
    if (catchUp.progress < this.#server.head) this.#replaySoon();
    else this.#catchUp = undefined;
  }

  /** Only the last event of a change carries the cursor. */
  #deliver(
    { seq, record, changesVisibility }: ModelChange,
    names: readonly string[],
    scope: "all" | "named" = "all",
  ): void {
    const place = { epoch: this.#server.epoch, seq };
    const [cursor, own] = [formatCursor(place, scope), formatCursor(place, "named")];
    const update = JSON.stringify({ record: { id: record, seq }, action: "update" });
    const events = names.filter((name) => isAbout(name, record)).map((name) => ({ name, data: update }));
    const resyncs = names
      .filter((name) => changesVisibility && !isAbout(name, record))
      .map((name) => JSON.stringify({ reason: "visibility", cursor: own, subscriptions: [name] }));
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
