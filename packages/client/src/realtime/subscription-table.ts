import { type Cursor, formatCursor, parseCursor } from "@headwater/protocol";
import type { HeadwaterError } from "../errors.ts";
import { type SharedSubscription, isBefore, isPending, type SubscriptionListener } from "./shared-subscription.ts";
import { isRecordData, type Resync } from "./events.ts";
import { type SubscribePlan, planSubscribe } from "./subscribe-plan.ts";

/** Something that a change brings, until it is known where the change stands. */
interface PendingEvent {
  readonly entry: SharedSubscription | undefined;
  readonly deliver: (entry: SharedSubscription, cursor: string) => void;
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
  readonly #notLive = new Set<SharedSubscription>();
  /** The link's place: the highest cursor that came over it. */
  #linkCursor: Cursor | undefined;
  /** What is told of a change whose cursor comes with the last of it. */
  #pendingEvents: PendingEvent[] = [];
  /** Every name that was asked for on this link. */
  readonly #usedNames = new Set<string>();
  #round = 0;
  #isStale = false;
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
    return this.#entries.has(name) || this.#usedNames.has(name);
  }

  /** @param since where a subscription begins that is not there yet */
  add(name: string, sink: SubscriptionListener, since: Cursor | undefined): void {
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = {
        name,
        listeners: new Set(),
        state: { kind: "away" },
        cursor: since,
        requestedSince: undefined,
        wasAccepted: false,
      };
      this.#entries.set(name, entry);
    }
    entry.listeners.add(sink);
    if (entry.wasAccepted && entry.state.kind !== "away") sink.confirmed();
  }

  remove(name: string, sink: SubscriptionListener): void {
    const entry = this.#entries.get(name);
    if (!entry?.listeners.delete(sink) || entry.listeners.size > 0) return;
    this.#entries.delete(name);
    this.#notLive.delete(entry);
    this.#isStale ||= entry.state.kind !== "away";
  }

  /** The server should hear of a new token. */
  markStale(): void {
    this.#isStale = true;
  }

  /** A new link: nothing stands on it yet. */
  linkOpened(): void {
    for (const entry of this.#entries.values()) this.#markUnsubscribed(entry);
    this.#notLive.clear();
    this.#usedNames.clear();
    this.#linkCursor = undefined;
    this.#pendingEvents = [];
    this.#isStale = false;
  }

  /** What to ask the server for, if anything; the answer goes to `accepted` or `withdrawn`. */
  nextRequest(): SubscribePlan | undefined {
    const plan = planSubscribe(this.#entries.values(), this.#isStale);
    if (!plan) return undefined;
    this.#isStale = false;
    this.#round += 1;
    for (const name of plan.names) this.#usedNames.add(name);
    for (const entry of plan.added) {
      entry.state = { kind: "submitted", round: this.#round };
      entry.requestedSince = parseCursor(plan.since ?? "");
      this.#notLive.add(entry);
    }
    return plan;
  }

  accepted({ added }: SubscribePlan): void {
    for (const entry of added) {
      if (entry.state.kind === "submitted") entry.state = { kind: "settling", round: entry.state.round };
      const lost = entry.wasAccepted && !entry.requestedSince && entry.cursor === undefined;
      // What comes from now on comes behind the link's present place.
      entry.cursor ??= this.#linkCursor;
      entry.wasAccepted = true;
      for (const sink of Array.from(entry.listeners)) sink.confirmed();
      if (lost) deliverResync(entry, { action: "resync", reason: "reconnected", cursor: undefined });
    }
  }

  /** No id can be under way any more that left before these were granted. */
  settled({ added }: SubscribePlan): void {
    for (const entry of added) if (entry.state.kind === "settling") entry.state = { kind: "following" };
  }

  /** The request had no effect; `problems` are those that never will have one. */
  rejected({ added }: SubscribePlan, problems: ReadonlyMap<string, HeadwaterError> = new Map()): void {
    for (const entry of added) this.#markUnsubscribed(entry);
    this.#isStale = true;
    for (const [name, error] of problems) {
      const entry = this.#entries.get(name);
      this.#entries.delete(name);
      for (const sink of entry?.listeners ?? []) sink.fail(error);
    }
  }

  /** The server does not know the places that were asked from. */
  forgetCursors({ added }: SubscribePlan): void {
    for (const entry of added) {
      entry.cursor = undefined;
      entry.wasAccepted = true;
    }
  }

  /** An event of the stream. @returns whether anybody listens */
  event(name: string, data: unknown, id: string | undefined): boolean {
    const entry = this.#subscribedEntry(name);
    const cursor = parseCursor(id ?? "");
    const heard: PendingEvent = { entry, deliver: (to, at) => deliver(to, data, at) };
    if (cursor) this.#deliverChange([heard], cursor);
    // Other messages than records may have no place in the log at all.
    else if (id === undefined && isRecordData(data)) this.#pendingEvents.push(heard);
    else if (entry) deliver(entry, data, undefined);
    return entry !== undefined;
  }

  /** As an event of its change, for these: beyond it they are told everything as before. */
  resyncNamed(resync: Resync, names: readonly string[], id: string | undefined): void {
    const heard = names.map((name): PendingEvent => ({
      entry: this.#subscribedEntry(name),
      deliver: (to) => deliverResync(to, resync),
    }));
    const cursor = parseCursor(id ?? "");
    if (cursor) this.#deliverChange(heard, cursor);
    else this.#pendingEvents.push(...heard);
  }

  /** The stream has passed this place. */
  advance(cursor: Cursor): void {
    if (isBefore(this.#linkCursor, cursor)) this.#linkCursor = cursor;
    for (const entry of this.#notLive) {
      if (isPending(entry)) continue;
      if (isBefore(entry.cursor, cursor)) entry.cursor = cursor;
      if (entry.cursor?.seq !== this.#linkCursor?.seq) continue;
      entry.state = { kind: "live" };
      this.#notLive.delete(entry);
    }
  }

  /** The server can't give what was missed: those concerned begin anew at the cursor. */
  resync(resync: Resync): void {
    this.#pendingEvents = [];
    const cursor = parseCursor(resync.cursor ?? "");
    const affected = [...this.#entries.values()].filter((entry) => this.#isAffectedBy(entry, resync.reason, cursor));
    for (const entry of affected) entry.cursor = cursor;
    if (cursor) this.advance(cursor);
    for (const entry of affected) deliverResync(entry, resync);
  }

  /** Ends everything. */
  fail(error: HeadwaterError): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#notLive.clear();
    for (const { listeners } of entries) for (const sink of listeners) sink.fail(error);
  }

  /** What comes for a name before it was asked for is of an earlier subscription. */
  #subscribedEntry(name: string): SharedSubscription | undefined {
    const entry = this.#entries.get(name);
    return entry?.state.kind === "away" ? undefined : entry;
  }

  #markUnsubscribed(entry: SharedSubscription): void {
    entry.cursor = this.#cursorOf(entry);
    entry.state = { kind: "away" };
    entry.requestedSince = undefined;
    this.#notLive.delete(entry);
  }

  /** The last of what is told of a change, with its cursor. */
  #deliverChange(last: readonly PendingEvent[], cursor: Cursor): void {
    const group = [...this.#pendingEvents, ...last];
    this.#pendingEvents = [];
    for (const { entry, deliver: say } of group) {
      if (!entry) continue;
      if (isBefore(this.#cursorOf(entry), cursor)) say(entry, formatCursor(cursor));
      else this.#duplicates += 1;
    }
    for (const { entry } of group) if (entry) this.#confirmByEvent(entry);
    this.advance(cursor);
  }

  /**
   * Whether a resync is about this subscription. It does not say whose request it answers, so one that is still under way
   * may be told once too often; never once too little.
   */
  #isAffectedBy(entry: SharedSubscription, reason: Resync["reason"], cursor: Cursor | undefined): boolean {
    if (entry.state.kind === "away") return false;
    if (!cursor) return true;
    const place = this.#cursorOf(entry);
    if (place && place.epoch !== cursor.epoch) return true;
    const asked = isPending(entry) ? entry.requestedSince : undefined;
    if (reason === "epoch") return asked !== undefined && asked.epoch !== cursor.epoch;
    if (reason === "unknown") return asked !== undefined && asked.seq > cursor.seq;
    // What is trimmed while it is being read is lost to all who had not come so far.
    return isBefore(place, cursor) || (asked !== undefined && isBefore(asked, cursor));
  }

  #cursorOf({ state, cursor }: SharedSubscription): Cursor | undefined {
    return state.kind === "live" ? this.#linkCursor : cursor;
  }

  /** An event proves that its subscription, and all that were asked for with it or before, stand on the server. */
  #confirmByEvent({ state }: SharedSubscription): void {
    if (state.kind !== "submitted" && state.kind !== "settling") return;
    for (const entry of this.#notLive) {
      const other = entry.state;
      if ((other.kind === "submitted" || other.kind === "settling") && other.round <= state.round)
        entry.state = { kind: "following" };
    }
  }
}

/** Those who join meanwhile are not told of it: hence the copy. */
function deliver({ listeners }: SharedSubscription, data: unknown, cursor: string | undefined): void {
  for (const sink of Array.from(listeners)) sink.deliver(data, cursor);
}

function deliverResync({ listeners }: SharedSubscription, resync: Resync): void {
  for (const sink of Array.from(listeners)) sink.resync(resync);
}
