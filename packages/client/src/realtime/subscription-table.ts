import { type Cursor, formatCursor, parseCursor } from "@headwater/protocol";
import type { HeadwaterError } from "../errors.ts";
import { type SharedSubscription, isBefore, isPending, type SubscriptionListener } from "./shared-subscription.ts";
import { isRecordData, type Resync } from "./events.ts";
import { type SubscribePlan, planSubscribe } from "./subscribe-plan.ts";

/** An event that waits for the cursor of its change, which comes with the change's last event. */
interface PendingEvent {
  readonly entry: SharedSubscription | undefined;
  readonly deliver: (entry: SharedSubscription, cursor: string) => void;
}

/**
 * All subscriptions of a connection, with the cursor of each. Decides what to request from the server, which events are
 * new, and what was lost. Does no I/O and has no timers.
 *
 * Each subscription gets each change once, in the order of the log, or a `resync`.
 */
export class SubscriptionTable {
  readonly #entries = new Map<string, SharedSubscription>();
  /** Subscriptions that have a cursor of their own, other than the link's. */
  readonly #notLive = new Set<SharedSubscription>();
  /** The highest cursor received over the link. */
  #linkCursor: Cursor | undefined;
  /** Events of a change whose last event hasn't arrived yet. */
  #pendingEvents: PendingEvent[] = [];
  /** Every name that was requested on this link. */
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

  /** Number of events that arrived again and were dropped. */
  get duplicates(): number {
    return this.#duplicates;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Whether a subscription with its own start cursor needs another name. The server replays nothing for a name that it
   * already has, and events of an earlier subscription with that name may still arrive.
   */
  isTaken(name: string): boolean {
    return this.#entries.has(name) || this.#usedNames.has(name);
  }

  /** @param since the start cursor, if the subscription is new */
  add(name: string, listener: SubscriptionListener, since: Cursor | undefined): void {
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = {
        name,
        listeners: new Set(),
        state: { kind: "unsubscribed" },
        cursor: since,
        requestedSince: undefined,
        wasAccepted: false,
      };
      this.#entries.set(name, entry);
    }
    entry.listeners.add(listener);
    if (entry.wasAccepted && entry.state.kind !== "unsubscribed") listener.confirmed();
  }

  remove(name: string, listener: SubscriptionListener): void {
    const entry = this.#entries.get(name);
    if (!entry?.listeners.delete(listener) || entry.listeners.size > 0) return;
    this.#entries.delete(name);
    this.#notLive.delete(entry);
    this.#isStale ||= entry.state.kind !== "unsubscribed";
  }

  /** Requests the same subscriptions again, to send a new token. */
  markStale(): void {
    this.#isStale = true;
  }

  /** A new link has opened, without subscriptions. */
  linkOpened(): void {
    for (const entry of this.#entries.values()) this.#markUnsubscribed(entry);
    this.#notLive.clear();
    this.#usedNames.clear();
    this.#linkCursor = undefined;
    this.#pendingEvents = [];
    this.#isStale = false;
  }

  /** @returns the next request to send, if any; its outcome goes to `accepted` or `rejected` */
  nextRequest(): SubscribePlan | undefined {
    const plan = planSubscribe(this.#entries.values(), this.#isStale);
    if (!plan) return undefined;
    this.#isStale = false;
    this.#round += 1;
    for (const name of plan.names) this.#usedNames.add(name);
    for (const entry of plan.added) {
      entry.state = { kind: "requested", round: this.#round };
      entry.requestedSince = parseCursor(plan.since ?? "");
      this.#notLive.add(entry);
    }
    return plan;
  }

  accepted({ added }: SubscribePlan): void {
    for (const entry of added) {
      if (entry.state.kind === "requested") entry.state = { kind: "settling", round: entry.state.round };
      const isGap = entry.wasAccepted && !entry.requestedSince && entry.cursor === undefined;
      // Everything that arrives from now on is after the link's cursor.
      entry.cursor ??= this.#linkCursor;
      entry.wasAccepted = true;
      for (const listener of Array.from(entry.listeners)) listener.confirmed();
      if (isGap) deliverResync(entry, { action: "resync", reason: "reconnected", cursor: undefined });
    }
  }

  /** No id that the server sent before it accepted these can still arrive. */
  settled({ added }: SubscribePlan): void {
    for (const entry of added) if (entry.state.kind === "settling") entry.state = { kind: "tracking" };
  }

  /** The request had no effect. `problems` has the names that can't be subscribed. */
  rejected({ added }: SubscribePlan, problems: ReadonlyMap<string, HeadwaterError> = new Map()): void {
    for (const entry of added) this.#markUnsubscribed(entry);
    this.#isStale = true;
    for (const [name, error] of problems) {
      const entry = this.#entries.get(name);
      this.#entries.delete(name);
      for (const listener of entry?.listeners ?? []) listener.fail(error);
    }
  }

  /** The server doesn't know the `since` of the request. */
  forgetCursors({ added }: SubscribePlan): void {
    for (const entry of added) {
      entry.cursor = undefined;
      entry.wasAccepted = true;
    }
  }

  /** Delivers an event of the stream. @returns whether there is a subscription for it */
  event(name: string, data: unknown, id: string | undefined): boolean {
    const entry = this.#subscribedEntry(name);
    const cursor = parseCursor(id ?? "");
    const event: PendingEvent = { entry, deliver: (target, at) => deliver(target, data, at) };
    if (cursor) this.#deliverChange([event], cursor);
    // Only record events are sure to get a cursor.
    else if (id === undefined && isRecordData(data)) this.#pendingEvents.push(event);
    else if (entry) deliver(entry, data, undefined);
    return entry !== undefined;
  }

  /** Delivers a resync that concerns only these names, like any other event of its change. */
  resyncNamed(resync: Resync, names: readonly string[], id: string | undefined): void {
    const events = names.map((name): PendingEvent => ({
      entry: this.#subscribedEntry(name),
      deliver: (target) => deliverResync(target, resync),
    }));
    const cursor = parseCursor(id ?? "");
    if (cursor) this.#deliverChange(events, cursor);
    else this.#pendingEvents.push(...events);
  }

  /** The stream has reached this cursor. */
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

  /** The server can't send what was missed: affected subscriptions restart from the cursor. */
  resync(resync: Resync): void {
    this.#pendingEvents = [];
    const cursor = parseCursor(resync.cursor ?? "");
    const affected = [...this.#entries.values()].filter((entry) => this.#isAffectedBy(entry, resync.reason, cursor));
    for (const entry of affected) entry.cursor = cursor;
    if (cursor) this.advance(cursor);
    for (const entry of affected) deliverResync(entry, resync);
  }

  /** Ends all subscriptions with the error. */
  fail(error: HeadwaterError): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#notLive.clear();
    for (const { listeners } of entries) for (const listener of listeners) listener.fail(error);
  }

  /** Ignores names that weren't requested on this link: such events belong to an earlier subscription. */
  #subscribedEntry(name: string): SharedSubscription | undefined {
    const entry = this.#entries.get(name);
    return entry?.state.kind === "unsubscribed" ? undefined : entry;
  }

  #markUnsubscribed(entry: SharedSubscription): void {
    entry.cursor = this.#cursorOf(entry);
    entry.state = { kind: "unsubscribed" };
    entry.requestedSince = undefined;
    this.#notLive.delete(entry);
  }

  /** Delivers a change once its last events, with the cursor, have arrived. */
  #deliverChange(last: readonly PendingEvent[], cursor: Cursor): void {
    const group = [...this.#pendingEvents, ...last];
    this.#pendingEvents = [];
    for (const { entry, deliver: deliverTo } of group) {
      if (!entry) continue;
      if (isBefore(this.#cursorOf(entry), cursor)) deliverTo(entry, formatCursor(cursor));
      else this.#duplicates += 1;
    }
    for (const { entry } of group) if (entry) this.#confirmByEvent(entry);
    this.advance(cursor);
  }

  /**
   * Whether a resync affects this subscription. A resync doesn't say which request it belongs to, so a pending
   * subscription may get one too many, but never one too few.
   */
  #isAffectedBy(entry: SharedSubscription, reason: Resync["reason"], cursor: Cursor | undefined): boolean {
    if (entry.state.kind === "unsubscribed") return false;
    if (!cursor) return true;
    const position = this.#cursorOf(entry);
    if (position && position.epoch !== cursor.epoch) return true;
    const since = isPending(entry) ? entry.requestedSince : undefined;
    if (reason === "epoch") return since !== undefined && since.epoch !== cursor.epoch;
    if (reason === "unknown") return since !== undefined && since.seq > cursor.seq;
    // A log trimmed during a replay affects all that had not reached the cursor.
    return isBefore(position, cursor) || (since !== undefined && isBefore(since, cursor));
  }

  #cursorOf({ state, cursor }: SharedSubscription): Cursor | undefined {
    return state.kind === "live" ? this.#linkCursor : cursor;
  }

  /** An event proves that the server accepted its subscription, and all that were requested with it or before it. */
  #confirmByEvent({ state }: SharedSubscription): void {
    if (state.kind !== "requested" && state.kind !== "settling") return;
    for (const entry of this.#notLive) {
      const other = entry.state;
      if ((other.kind === "requested" || other.kind === "settling") && other.round <= state.round)
        entry.state = { kind: "tracking" };
    }
  }
}

/** Iterates over a copy: listeners added meanwhile don't get this event. */
function deliver({ listeners }: SharedSubscription, data: unknown, cursor: string | undefined): void {
  for (const listener of Array.from(listeners)) listener.deliver(data, cursor);
}

function deliverResync({ listeners }: SharedSubscription, resync: Resync): void {
  for (const listener of Array.from(listeners)) listener.resync(resync);
}
