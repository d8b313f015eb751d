import { type Cursor, formatCursor, parseCursor } from "@headwater/protocol";
import type { HeadwaterError } from "../errors.ts";
import { type SharedSubscription, isBehind, isUnproven, type Sink } from "./shared-subscription.ts";
import { isRecordData, type Resync } from "./events.ts";
import { type SubscribePlan, planNext } from "./subscribe-plan.ts";

/** Something that a change brings, until it is known where the change stands. */
interface Held {
  readonly entry: SharedSubscription | undefined;
  readonly tell: (entry: SharedSubscription, cursor: string) => void;
}

/**
 * All subscriptions of a connection, and up to where each has everything. It decides what is asked of the server, what
 * is new, and what was lost; it does no I/O and knows no time of its own.
 *
 * Each change reaches each subscription once, in the order of the log, or the subscription is told `resync`.
 */
export class SubscriptionTable {
  readonly #entries = new Map<string, SharedSubscription>();
  /** Those whose place is not the link's. */
  readonly #apart = new Set<SharedSubscription>();
  /** The link's place: the highest cursor that came over it. */
  #reached: Cursor | undefined;
  /** What is told of a change whose cursor comes with the last of it. */
  #held: Held[] = [];
  /** Every name that was asked for on this link. */
  readonly #used = new Set<string>();
  #round = 0;
  #stale = false;
  #duplicates = 0;

  get size(): number {
    return this.#entries.size;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Events that had come before, and were dropped. */
  get duplicates(): number {
    return this.#duplicates;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Whether a subscription that begins at a place of its own needs another name: the server replays nothing for a name
   * that it has, and events of an earlier one may still be under way.
   */
  isTaken(name: string): boolean {
    return this.#entries.has(name) || this.#used.has(name);
  }

  /** @param since where a subscription begins that is not there yet */
  add(name: string, sink: Sink, since: Cursor | undefined): void {
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = { name, sinks: new Set(), standing: { kind: "away" }, place: since, asked: undefined, known: false };
      this.#entries.set(name, entry);
    }
    entry.sinks.add(sink);
    if (entry.known && entry.standing.kind !== "away") sink.confirmed();
  }

  remove(name: string, sink: Sink): void {
    const entry = this.#entries.get(name);
    if (!entry?.sinks.delete(sink) || entry.sinks.size > 0) return;
    this.#entries.delete(name);
    this.#apart.delete(entry);
    this.#stale ||= entry.standing.kind !== "away";
  }

  /** The server should hear of a new token. */
  touch(): void {
    this.#stale = true;
  }

  /** A new link: nothing stands on it yet. */
  opened(): void {
    for (const entry of this.#entries.values()) this.#sendAway(entry);
    this.#apart.clear();
    this.#used.clear();
    this.#reached = undefined;
    this.#held = [];
    this.#stale = false;
  }

  /** What to ask the server for, if anything; the answer goes to `accepted` or `withdrawn`. */
  submit(): SubscribePlan | undefined {
    const plan = planNext(this.#entries.values(), this.#stale);
    if (!plan) return undefined;
    this.#stale = false;
    this.#round += 1;
    for (const name of plan.names) this.#used.add(name);
    for (const entry of plan.added) {
      entry.standing = { kind: "submitted", round: this.#round };
      entry.asked = parseCursor(plan.since ?? "");
      this.#apart.add(entry);
    }
    return plan;
  }

  accepted({ added }: SubscribePlan): void {
    for (const entry of added) {
      if (entry.standing.kind === "submitted") entry.standing = { kind: "settling", round: entry.standing.round };
      const lost = entry.known && !entry.asked && entry.place === undefined;
      // What comes from now on comes behind the link's present place.
      entry.place ??= this.#reached;
      entry.known = true;
      for (const sink of Array.from(entry.sinks)) sink.confirmed();
      if (lost) tell(entry, { action: "resync", reason: "reconnected", cursor: undefined });
    }
  }

  /** No id can be under way any more that left before these were granted. */
  settled({ added }: SubscribePlan): void {
    for (const entry of added) if (entry.standing.kind === "settling") entry.standing = { kind: "following" };
  }

  /** The request had no effect; `problems` are those that never will have one. */
  withdrawn({ added }: SubscribePlan, problems: ReadonlyMap<string, HeadwaterError> = new Map()): void {
    for (const entry of added) this.#sendAway(entry);
    this.#stale = true;
    for (const [name, error] of problems) {
      const entry = this.#entries.get(name);
      this.#entries.delete(name);
      for (const sink of entry?.sinks ?? []) sink.fail(error);
    }
  }

  /** The server does not know the places that were asked from. */
  forgetPlaces({ added }: SubscribePlan): void {
    for (const entry of added) {
      entry.place = undefined;
      entry.known = true;
    }
  }

  /** An event of the stream. @returns whether anybody listens */
  event(name: string, data: unknown, id: string | undefined): boolean {
    const entry = this.#listening(name);
    const cursor = parseCursor(id ?? "");
    const heard: Held = { entry, tell: (to, at) => deliver(to, data, at) };
    if (cursor) this.#hear([heard], cursor);
    // Other messages than records may have no place in the log at all.
    else if (id === undefined && isRecordData(data)) this.#held.push(heard);
    else if (entry) deliver(entry, data, undefined);
    return entry !== undefined;
  }

  /** As an event of its change, for these: beyond it they are told everything as before. */
  resyncSome(resync: Resync, names: readonly string[], id: string | undefined): void {
    const heard = names.map((name): Held => ({ entry: this.#listening(name), tell: (to) => tell(to, resync) }));
    const cursor = parseCursor(id ?? "");
    if (cursor) this.#hear(heard, cursor);
    else this.#held.push(...heard);
  }

  /** The stream has passed this place. */
  place(cursor: Cursor): void {
    if (isBehind(this.#reached, cursor)) this.#reached = cursor;
    for (const entry of this.#apart) {
      if (isUnproven(entry)) continue;
      if (isBehind(entry.place, cursor)) entry.place = cursor;
      if (entry.place?.seq !== this.#reached?.seq) continue;
      entry.standing = { kind: "live" };
      this.#apart.delete(entry);
    }
  }

  /** The server can't give what was missed: those concerned begin anew at the cursor. */
  resync(resync: Resync): void {
    this.#held = [];
    const cursor = parseCursor(resync.cursor ?? "");
    const affected = [...this.#entries.values()].filter((entry) => this.#loses(entry, resync.reason, cursor));
    for (const entry of affected) entry.place = cursor;
    if (cursor) this.place(cursor);
    for (const entry of affected) tell(entry, resync);
  }

  /** Ends everything. */
  fail(error: HeadwaterError): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#apart.clear();
    for (const { sinks } of entries) for (const sink of sinks) sink.fail(error);
  }

  /** What comes for a name before it was asked for is of an earlier subscription. */
  #listening(name: string): SharedSubscription | undefined {
    const entry = this.#entries.get(name);
    return entry?.standing.kind === "away" ? undefined : entry;
  }

  #sendAway(entry: SharedSubscription): void {
    entry.place = this.#placeOf(entry);
    entry.standing = { kind: "away" };
    entry.asked = undefined;
    this.#apart.delete(entry);
  }

  /** The last of what is told of a change, with its cursor. */
  #hear(last: readonly Held[], cursor: Cursor): void {
    const group = [...this.#held, ...last];
    this.#held = [];
    for (const { entry, tell: say } of group) {
      if (!entry) continue;
      if (isBehind(this.#placeOf(entry), cursor)) say(entry, formatCursor(cursor));
      else this.#duplicates += 1;
    }
    for (const { entry } of group) if (entry) this.#heard(entry);
    this.place(cursor);
  }

  /**
   * Whether a resync is about this subscription. It does not say whose request it answers, so one that is still under way
   * may be told once too often; never once too little.
   */
  #loses(entry: SharedSubscription, reason: Resync["reason"], cursor: Cursor | undefined): boolean {
    if (entry.standing.kind === "away") return false;
    if (!cursor) return true;
    const place = this.#placeOf(entry);
    if (place && place.epoch !== cursor.epoch) return true;
    const asked = isUnproven(entry) ? entry.asked : undefined;
    if (reason === "epoch") return asked !== undefined && asked.epoch !== cursor.epoch;
    if (reason === "unknown") return asked !== undefined && asked.seq > cursor.seq;
    // What is trimmed while it is being read is lost to all who had not come so far.
    return isBehind(place, cursor) || (asked !== undefined && isBehind(asked, cursor));
  }

  #placeOf({ standing, place }: SharedSubscription): Cursor | undefined {
    return standing.kind === "live" ? this.#reached : place;
  }

  /** An event proves that its subscription, and all that were asked for with it or before, stand on the server. */
  #heard({ standing }: SharedSubscription): void {
    if (standing.kind !== "submitted" && standing.kind !== "settling") return;
    for (const entry of this.#apart) {
      const other = entry.standing;
      if ((other.kind === "submitted" || other.kind === "settling") && other.round <= standing.round)
        entry.standing = { kind: "following" };
    }
  }
}

/** Those who join meanwhile are not told of it: hence the copy. */
function deliver({ sinks }: SharedSubscription, data: unknown, cursor: string | undefined): void {
  for (const sink of Array.from(sinks)) sink.deliver(data, cursor);
}

function tell({ sinks }: SharedSubscription, resync: Resync): void {
  for (const sink of Array.from(sinks)) sink.resync(resync);
}
