import { cursorScope } from "@headwater/protocol";
import type { HeadwaterError } from "../errors.ts";
import { type SharedSubscription, isPending, type SubscriptionListener } from "./shared-subscription.ts";
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
  /** The last cursor that counts for all subscriptions of the link. */
  #linkCursor: string | undefined;
  /** Events of a change whose last event hasn't arrived yet. */
  #pendingEvents: PendingEvent[] = [];
  /** Every name that was requested on this link. */
  readonly #usedNames = new Set<string>();
  #round = 0;
  #isStale = false;

  get size(): number {
    return this.#entries.size;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
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
  add(name: string, listener: SubscriptionListener, since: string | undefined): void {
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = {
        name,
        listeners: new Set(),
        state: { kind: "unsubscribed" },
        cursor: since,
        wasReplayed: false,
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
      entry.wasReplayed = entry.cursor !== undefined;
      this.#notLive.add(entry);
    }
    return plan;
  }

  accepted({ added }: SubscribePlan): void {
    for (const entry of added) {
      if (entry.state.kind === "requested") entry.state = { kind: "settling", round: entry.state.round };
      const isGap = entry.wasAccepted && !entry.wasReplayed && entry.cursor === undefined;
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
    const scope = cursorScope(id);
    const event: PendingEvent = { entry, deliver: (target, at) => deliver(target, data, at) };
    if (id !== undefined && (scope === "all" || scope === "named")) this.#deliverChange([event], id);
    // Only record events are sure to get a cursor.
    else if (scope === "part" || (id === undefined && isRecordData(data))) this.#pendingEvents.push(event);
    else if (entry) deliver(entry, data, undefined);
    return entry !== undefined;
  }

  /** Delivers a resync that concerns only these names: they restart from its cursor. */
  resyncNamed(resync: Resync, names: readonly string[], id: string | undefined): void {
    for (const name of names) {
      const entry = this.#subscribedEntry(name);
      if (!entry) continue;
      this.#confirmByEvent(entry);
      if (resync.cursor !== undefined) this.#setOwnCursor(entry, resync.cursor);
      deliverResync(entry, resync);
    }
    if (id !== undefined && cursorScope(id) === "all") this.#deliverChange([], id);
  }

  /** The stream has reached this cursor, which counts for all subscriptions. */
  advance(cursor: string): void {
    this.#linkCursor = cursor;
    for (const entry of this.#notLive) {
      if (isPending(entry)) continue;
      entry.cursor = cursor;
      entry.state = { kind: "live" };
      this.#notLive.delete(entry);
    }
  }

  /**
   * The server can't send what was missed: all subscriptions restart from the cursor. One whose request is still on its way
   * may get a resync too many, but none gets one too few.
   */
  resync(resync: Resync): void {
    this.#pendingEvents = [];
    const affected = [...this.#entries.values()].filter(({ state }) => state.kind !== "unsubscribed");
    for (const entry of affected) entry.cursor = resync.cursor;
    if (resync.cursor !== undefined) this.advance(resync.cursor);
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
    entry.wasReplayed = false;
    this.#notLive.delete(entry);
  }

  /** Delivers a change once its last events, with the cursor, have arrived. */
  #deliverChange(last: readonly PendingEvent[], cursor: string): void {
    const group = [...this.#pendingEvents, ...last];
    this.#pendingEvents = [];
    for (const { entry, deliver: deliverTo } of group) if (entry) deliverTo(entry, cursor);
    for (const { entry } of group) if (entry) this.#confirmByEvent(entry);
    if (cursorScope(cursor) === "all") return this.advance(cursor);
    for (const { entry } of group) if (entry) this.#setOwnCursor(entry, cursor);
  }

  /** The subscription is at this cursor, whatever the others of the link are at. */
  #setOwnCursor(entry: SharedSubscription, cursor: string): void {
    if (entry.state.kind === "unsubscribed") return;
    if (entry.state.kind === "live") entry.state = { kind: "tracking" };
    entry.cursor = cursor;
    this.#notLive.add(entry);
  }

  #cursorOf({ state, cursor }: SharedSubscription): string | undefined {
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
