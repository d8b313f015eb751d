import { encodeEvent, formatCursor, parseCursor, parseSubscription, type Epoch } from "@headwater/protocol";
import type { FakeClock } from "./fake-clock.ts";

/** A change of the record `record` of the one collection that there is. */
export interface ModelChange {
  readonly seq: number;
  readonly record: string;
  /** It changes what else may be seen, in a way that can't be told record by record. */
  readonly moves: boolean;
}

export interface ModelFrame {
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
}

/** Changes of a replay that leave in one go. */
const STEP = 3;

/**
 * A Headwater server as its protocol page describes it, small enough to be right at a glance: a log, sessions, and what a
 * session is told. It answers at once; delays, losses and cuts are the network's.
 */
export class ModelServer {
  readonly #clock: FakeClock;
  readonly #sessions = new Set<ModelSession>();
  #epoch = 1;
  #floor = 0;
  /** Every life of the log, by its epoch. */
  readonly logs = new Map<string, ModelChange[]>([["e1", []]]);

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.#beat();
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

  /** Connections that are open now. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** What they listen to. */
  get names(): readonly string[] {
    return [...this.#sessions].flatMap((session) => session.names);
  }

  get cursor(): string {
    return formatCursor({ epoch: this.epoch, seq: this.head });
  }

  write(record: string, moves = false): void {
    const change = { seq: this.head + 1, record, moves };
    this.log.push(change);
    for (const session of this.#sessions) session.live(change);
  }

  /** What is older than the last `keep` changes is no longer kept. */
  trim(keep: number): void {
    this.#floor = Math.max(this.#floor, this.head - keep);
  }

  /** Another database takes this one's place. */
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

  #beat(): void {
    this.#clock.timer(20_000, () => {
      for (const session of this.#sessions) session.beat();
      this.#beat();
    });
  }
}

export class ModelSession {
  readonly #server: ModelServer;
  readonly #clock: FakeClock;
  readonly #send: (frame: ModelFrame) => void;
  readonly #onEnd: () => void;
  #names: readonly string[] = [];
  #hold: { readonly from: Map<string, number>; progress: number } | undefined;
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
    const position = this.#hold?.progress ?? this.#server.head;
    const from = new Map(
      names.map((name) => [name, known.has(name) ? Math.max(position, this.#hold?.from.get(name) ?? 0) : cursor.seq]),
    );
    const reason = this.#refusal(cursor.epoch, cursor.seq);
    if (reason) this.#resync(reason, position);
    const running = this.#hold !== undefined;
    this.#hold = reason ? { from: new Map(), progress: position } : { from, progress: Math.min(...from.values()) };
    if (!running) this.#replaySoon();
  }

  live(change: ModelChange): void {
    if (!this.#hold) this.#tell(change, this.#names);
  }

  /** A session that has everything learns where that is. */
  beat(): void {
    this.#send({ name: undefined, id: this.#hold ? undefined : this.#server.cursor, data: "" });
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
    const hold = this.#hold;
    if (!hold || this.#ended) return;
    if (hold.progress < this.#server.floor) {
      hold.progress = this.#server.head;
      this.#resync("expired", hold.progress);
    }
    const changes = this.#server.log.slice(hold.progress, hold.progress + STEP);
    // What else a change moved can't be found out afterwards.
    if (changes.some(({ moves, seq }) => moves && [...hold.from.values()].some((from) => seq > from))) {
      hold.progress = this.#server.head;
      this.#resync("visibility", hold.progress);
      return this.#replaySoon();
    }
    for (const change of changes) {
      this.#tell(
        change,
        this.#names.filter((name) => change.seq > (hold.from.get(name) ?? 0)),
      );
      hold.progress = change.seq;
    }
    if (hold.progress < this.#server.head) this.#replaySoon();
    else this.#hold = undefined;
  }

  /** Only the last event of a change carries its cursor. */
  #tell({ seq, record, moves }: ModelChange, names: readonly string[]): void {
    const cursor = formatCursor({ epoch: this.#server.epoch, seq });
    const update = JSON.stringify({ record: { id: record, seq }, action: "update" });
    const events = names.filter((name) => isAbout(name, record)).map((name) => ({ name, data: update }));
    const moved = names
      .filter((name) => moves && !isAbout(name, record))
      .map((name) => JSON.stringify({ reason: "visibility", cursor, subscriptions: [name] }));
    const all = [...events, ...moved.map((data) => ({ name: "resync", data }))];
    for (const [i, event] of all.entries()) this.#send({ ...event, id: i === all.length - 1 ? cursor : undefined });
  }
}

/** Whether a record's changes appear under the name: `items/*` or `items/ID`, whatever the options. */
export function isAbout(name: string, record: string): boolean {
  const { topic } = parseSubscription(name);
  return topic === "items/*" || topic === `items/${record}`;
}

/** As the real server writes it. */
export const frameBytes = ({ name, id, data }: ModelFrame): number =>
  name === undefined ? 8 : encodeEvent({ ...(id !== undefined && { id }), event: name, data }).length;
