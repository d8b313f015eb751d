import {
  asksForVersion,
  GLOBAL_SUBSCRIPTION,
  recordId,
  type Subscription,
  type OutgoingEvent,
} from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import { andThen, both, type Eventually } from "../lib/scheduling/eventually.ts";
import type { Meter } from "../lib/scheduling/meter.ts";
import type { Change } from "../log/change.ts";
import { isSuperuser, type Principal, principalKey } from "../rules/principal.ts";
import type { ClientReader } from "../store/store.ts";
import { ClientQueries } from "../records/rule-check/client-queries.ts";
import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import { CurrentRecords } from "./current-records.ts";
import { findRecord } from "../records/query/find-record.ts";
import { erasedPayload } from "./erased-change.ts";
import { EventEncoder, type EventPayload } from "./event-encoder.ts";
import { RoutingValueReader } from "../records/rule-check/routing-values.ts";
import type { RecordVersions } from "../records/model/record-version.ts";
import { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import { isCacheable, type Listener, listenerKey, readListener, routingValueOf, withoutFilters } from "./listener.ts";
import { dependenciesOfListener } from "./listener-dependencies.ts";
import { mayChangeVisibility } from "./may-change-visibility.ts";
import type { AsOf } from "../records/rule-check/as-of.ts";
import { VisibilityDiff, type VisibilityChanges } from "./visibility-diff.ts";
import { ALL_RECORDS, readRecordTopic, topicsOfRecord } from "./record-topic.ts";
import { isVisible } from "./is-visible.ts";
import { presentPayload } from "./present-payload.ts";
import type { AudienceKind, VisibilityReason } from "./audience-kind.ts";

export interface RecordEventsOptions {
  readonly reader: ClientReader;
  readonly schema: () => Schema;
  readonly files: FileStore;
  readonly versions?: RecordVersions;
}

/** The audience of `*`: a superuser sees every record, so none enters or leaves. Expanded records may change any time. */
const allRecordsAudience = ({ topic, options: { query } }: Subscription): AudienceKind => ({
  topic,
  key: "superuser",
  routeBy: undefined,
  dependsOn: undefined,
  decidedBy: [COLLECTIONS],
  cacheable: ["expand", "filter", "search"].every((key) => (query[key] ?? "") === ""),
});

/**
 * Turns changes of records into events for listeners. Rules are evaluated on the record as it was at the change's position
 * in the log: after the change for a create or update, before it for a delete. Listeners that ask for what enters and
 * leaves have them evaluated on both.
 */
export class RecordEvents {
  readonly #options: RecordEventsOptions;
  readonly #routingValues: RoutingValueReader;
  readonly #batcher: RuleBatcher;
  readonly #encoder: EventEncoder;
  readonly #diff: VisibilityDiff;
  /** For replays. */
  readonly current: CurrentRecords;
  #asOf: { readonly change: number; readonly own: AsOf; readonly first: AsOf } = {
    change: -1,
    own: { seq: -1 },
    first: { seq: -1 },
  };

  constructor(options: RecordEventsOptions) {
    const { reader } = options;
    this.#options = options;
    this.#routingValues = new RoutingValueReader(reader);
    const clientQueries = new ClientQueries(reader);
    this.#batcher = new RuleBatcher(reader, { routingValues: this.#routingValues, clientQueries });
    this.#encoder = new EventEncoder(reader, clientQueries);
    this.current = new CurrentRecords(reader, options.schema);
    this.#diff = new VisibilityDiff({ reader, clientQueries, batcher: this.#batcher, encoder: this.#encoder });
  }

  topicsOf(change: Change): readonly string[] {
    const collection = this.#options.schema().find(change.collection);
    return collection ? topicsOfRecord(collection, change) : [];
  }

  /** @returns `undefined` for a topic that isn't about records */
  audienceOf(subscription: Subscription, principal: Principal): AudienceKind | undefined {
    if (subscription.topic === ALL_RECORDS) {
      return isSuperuser(principal) ? allRecordsAudience(subscription) : undefined;
    }
    const listener = this.#listener(subscription, principal);
    if (!listener) return undefined;
    const dependencies = dependenciesOfListener(listener);
    const routing = routingValueOf(listener);
    return {
      topic: subscription.topic,
      key: listenerKey(listener),
      routeBy: routing && { field: routing.field, value: routing.value },
      dependsOn: listener.transitions && dependencies.map(({ collection }) => collection.id),
      decidedBy: [COLLECTIONS, ...dependencies.map(({ collection }) => collection.id)],
      cacheable: dependencies.length === 0 && isCacheable(listener),
    };
  }

  /** The record's values before and after the change, in the field by which the listener's audience is routed. */
  async routingValues(change: Change, subscription: Subscription, principal: Principal): Promise<readonly unknown[]> {
    const listener = this.#listener(subscription, principal, change);
    const routing = listener && routingValueOf(listener);
    if (!routing) return [];
    const candidates = [change.before, change.after].filter((values) => values !== null);
    if (routing.operand.steps.length === 0) return candidates.map((values) => values[routing.field]);
    const { context, topic } = listener;
    const asOf = this.#asOfChange(change, listener);
    const found = await this.#routingValues.read(context, topic.collection, routing, candidates, asOf);
    return [...found.values()].flatMap((values) => [...values]);
  }

  /**
   * The event that a change is for a listener; `undefined` if the listener may not see it. For `untold` and `unknown` see
   * `ErasedPayload`.
   *
   * @param mode `live` reads related records as they were at the change, even if they have been written since; `replayed`
   *   reads them as they are now, and leaves out what the listener may not see now
   */
  eventFor(
    change: Change,
    subscription: Subscription,
    principal: Principal,
    mode: "live" | "replayed",
    meter?: Meter,
  ): Eventually<OutgoingEvent | "untold" | "unknown" | undefined> {
    const listener = this.#listener(subscription, principal, change);
    if (!listener) return undefined;
    const payload = change.isErased
      ? erasedPayload(this.#batcher, listener, change)
      : this.#payload(listener, change, mode === "live" ? this.#asOfChange(change, listener) : undefined, meter);
    return andThen(payload, (shown) => {
      if (typeof shown === "string" || shown === undefined) return shown;
      return mode === "live"
        ? this.#encoder.encode(listener, change, shown, meter)
        : this.#encodePresent(listener, change, shown);
    });
  }

  async #encodePresent(listener: Listener, change: Change, payload: EventPayload): Promise<OutgoingEvent | undefined> {
    const shown = await presentPayload(this.current, this.#batcher, listener, change, payload);
    return shown && this.#encoder.encode(listener, change, shown);
  }

  /** May the principal see the one record that the subscription is about, by current data? */
  async mayViewRecord(subscription: Subscription, principal: Principal): Promise<boolean> {
    const listener = this.#listener(subscription, principal);
    if (listener?.topic.record === undefined) return false;
    const { collection, record } = listener.topic;
    const values = await findRecord(this.#options.reader, collection, record);
    return values !== undefined && isVisible(this.#batcher, listener, values);
  }

  /** Reads a record. @returns whether a principal may see it by the view rule; everyone may see its own account */
  async viewOf(collection: string, id: string): Promise<(viewer: Principal) => Eventually<boolean>> {
    const subscription = { ...GLOBAL_SUBSCRIPTION, topic: `${collection}/${id}` };
    const topic = readRecordTopic(this.#options.schema(), subscription.topic);
    const values = topic && (await findRecord(this.#options.reader, topic.collection, recordId(id)));
    if (!values) return () => false;
    const key = `${topic.collection.id}/${id}`;
    return (viewer) => {
      const listener = this.#listener(subscription, viewer);
      return principalKey(viewer) === key || (listener !== undefined && isVisible(this.#batcher, listener, values));
    };
  }

  /** `collection/id` of the one record that a topic is about, however the topic spells it. */
  recordKeyOf(topic: string): string | undefined {
    const read = readRecordTopic(this.#options.schema(), topic);
    return read?.record === undefined ? undefined : `${read.collection.name}/${read.record}`;
  }

  /** Why a listener may or may not see the change, by current data. */
  async explain(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityReason> {
    if (!this.topicsOf(change).includes(subscription.topic)) return "other-topic";
    const listener = this.#listener(subscription, principal, change);
    if (!listener || listener.rule === null) return "superusers-only";
    if (listener.filter === null || listener.search === null) return "filter";
    if (await this.#payload(listener, change, undefined)) return "visible";
    const unfiltered = await this.#payload(withoutFilters(listener), change, undefined);
    return unfiltered ? "filter" : "rule";
  }

  /** The events for other records that a change of a related record shows to the listener or hides from it. */
  async visibilityChanges(
    change: Change,
    subscription: Subscription,
    principal: Principal,
  ): Promise<VisibilityChanges> {
    const listener = this.#listener(subscription, principal);
    return listener ? this.#diff.find(change, listener, undefined) : [];
  }

  /**
   * Keeps the listener as it is before a change of its account or its rule.
   *
   * @returns a function that gives the events for the records that the change shows to it or hides from it
   */
  captureListener(
    subscription: Subscription,
    principal: Principal,
  ): (change: Change, now: Principal) => Promise<VisibilityChanges> {
    const previous = this.#listener(subscription, principal);
    return async (change, now) => {
      const listener = this.#listener(subscription, now);
      if (!previous || !listener) return previous === listener ? [] : "unknown";
      return this.#diff.find(change, listener, previous);
    };
  }

  /** May a missed change have shown other records to the listener, or hidden them? */
  mayChangeVisibility(change: Change, subscription: Subscription, principal: Principal): boolean {
    const listener = this.#listener(subscription, principal);
    return listener !== undefined && mayChangeVisibility(change, listener);
  }

  /**
   * The place in the log as of which a change is judged: its own. Only a delete that followed from another one is judged
   * before all of them, as in PocketBase, unless the listener has been told already what the others hid from it.
   *
   * The same object for all listeners alike, so that the batcher puts their checks together.
   */
  #asOfChange(change: Change, { transitions }: Listener): AsOf {
    const { seq } = change;
    if (this.#asOf.change !== seq) {
      const cascade = change.action === "delete" ? change.cascade : undefined;
      const known = cascade && { seq, cause: cascade.cause };
      this.#asOf = {
        change: seq,
        own: { seq, ...(known && { cascade: known }) },
        first: { seq: cascade?.since ?? seq, ...(known && { cascade: known }) },
      };
    }
    return transitions ? this.#asOf.own : this.#asOf.first;
  }

  #payload(
    listener: Listener,
    { action, record, before, after }: Change,
    asOf: AsOf | undefined,
    meter?: Meter,
  ): Eventually<EventPayload | undefined> {
    const { transitions } = listener;
    if (!transitions) {
      const values = after ?? before;
      return andThen(isVisible(this.#batcher, listener, values, asOf, meter), (sees) =>
        sees ? { action, values } : undefined,
      );
    }
    const was = before !== null && isVisible(this.#batcher, listener, before, asOf, meter);
    const is = after !== null && isVisible(this.#batcher, listener, after, asOf, meter);
    return andThen(both(was, is), ([wasVisible, isNowVisible]): EventPayload | undefined => {
      if (isNowVisible) {
        return { action: wasVisible || before === null ? action : transitions.enter, values: after! };
      }
      if (!wasVisible) return undefined;
      return after === null ? { action, values: before } : { action: transitions.leave, hiddenId: record };
    });
  }

  #listener(subscription: Subscription, principal: Principal, change?: Change): Listener | undefined {
    const { schema, files, versions } = this.#options;
    const listener = readListener(schema(), files, subscription, principal, change?.collection);
    if (!listener || !versions || !asksForVersion(subscription.options.query)) return listener;
    return { ...listener, context: { ...listener.context, versions } };
  }
}
