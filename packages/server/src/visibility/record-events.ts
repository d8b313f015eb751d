import type { Subscription, OutgoingEvent } from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import type { Change } from "../log/change.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import type { RoutingValue } from "../rules/analysis/routing-values.ts";
import type { SnapshotReader } from "../store/store.ts";
import { findRecord } from "../records/query/find-record.ts";
import { EventData, type Seen } from "./event-data.ts";
import { HeldValues } from "../records/rule-check/routing-values.ts";
import { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import { isSteady, type Listener, listenerKey, readListener, requiredOf } from "./listener.ts";
import { dependenciesOfListener } from "./listener-dependencies.ts";
import { mayChangeVisibility } from "./may-change-visibility.ts";
import type { AsOf } from "../records/rule-check/as-of.ts";
import { VisibilityDiff, type VisibilityChanges } from "./visibility-diff.ts";
import { ALL_RECORDS, readRecordTopic, topicsOfRecord } from "./record-topic.ts";
import { isVisible } from "./is-visible.ts";

export interface RecordEventsOptions {
  readonly reader: SnapshotReader;
  readonly schema: () => Schema;
  readonly files: FileStore;
}

/** Listeners who are alike: see the hub's index. */
export interface RecordAudience {
  readonly topic: string;
  readonly key: string;
  readonly requires: Pick<RoutingValue, "field" | "value"> | undefined;
  readonly follows: readonly string[] | undefined;
  readonly steady: boolean;
}

/** `rule`, `filter`: what hides the record. */
export type Explanation = "visible" | "superusers-only" | "rule" | "filter";

/** Of all records: a superuser sees each, and nothing enters or leaves. What is expanded may be another each time. */
const allRecords = ({ topic, options: { query } }: Subscription): RecordAudience => ({
  topic,
  key: "superuser",
  requires: undefined,
  follows: undefined,
  steady: (query["expand"] ?? "") === "" && (query["filter"] ?? "") === "",
});

/**
 * What a change of a record is to those who listen. The rules judge the record as it was at the change's own place in
 * the log: after it for a create and an update, before it for a delete; both for those who want to know what becomes
 * visible and what does not any more.
 */
export class RecordEvents {
  readonly #options: RecordEventsOptions;
  readonly #held: HeldValues;
  readonly #judge: RuleBatcher;
  readonly #data: EventData;
  readonly #moves: VisibilityDiff;
  #moment: AsOf = { seq: -1 };

  constructor(options: RecordEventsOptions) {
    this.#options = options;
    this.#held = new HeldValues(options.reader);
    this.#judge = new RuleBatcher(options.reader, this.#held);
    this.#data = new EventData(options.reader);
    this.#moves = new VisibilityDiff({ reader: options.reader, judge: this.#judge, data: this.#data });
  }

  topicsOf(change: Change): readonly string[] {
    const collection = this.#options.schema().find(change.collection);
    return collection ? topicsOfRecord(collection, change) : [];
  }

  /** @returns `undefined` for a topic that is of no records */
  audienceOf(subscription: Subscription, principal: Principal): RecordAudience | undefined {
    if (subscription.topic === ALL_RECORDS) return isSuperuser(principal) ? allRecords(subscription) : undefined;
    const listener = this.#listener(subscription, principal);
    if (!listener) return undefined;
    const dependencies = dependenciesOfListener(listener);
    const required = requiredOf(listener);
    return {
      topic: subscription.topic,
      key: listenerKey(listener),
      requires: required && { field: required.field, value: required.value },
      follows: listener.transitions && dependencies.map(({ collection }) => collection.id),
      steady: dependencies.length === 0 && isSteady(listener),
    };
  }

  /** What the record held before the change, and holds after it, where the listener's rule requires a text of it. */
  async held(change: Change, subscription: Subscription, principal: Principal): Promise<readonly unknown[]> {
    const listener = this.#listener(subscription, principal, change);
    const required = listener && requiredOf(listener);
    if (!required) return [];
    const images = [change.before, change.after].filter((image) => image !== null);
    if (required.operand.steps.length === 0) return images.map((image) => image[required.field]);
    const { context, topic } = listener;
    const held = await this.#held.find(context, topic.collection, required, images, this.#momentOf(change));
    return [...held.values()].flatMap((values) => [...values]);
  }

  /**
   * What the change is to a listener; `undefined` for those who may not see it.
   *
   * @param told `live`: the records that a rule reaches from this one are found as they were at the change, even if they
   *   have been written since; `replayed`: as they are now
   */
  async present(
    change: Change,
    subscription: Subscription,
    principal: Principal,
    told: "live" | "replayed",
  ): Promise<OutgoingEvent | undefined> {
    const listener = this.#listener(subscription, principal, change);
    const seen = listener && (await this.#seen(listener, change, told === "live" ? this.#momentOf(change) : undefined));
    return seen && this.#data.of(listener, change, seen);
  }

  /** May the principal see the one record that the subscription is about, as things stand now? */
  async maySee(subscription: Subscription, principal: Principal): Promise<boolean> {
    const listener = this.#listener(subscription, principal);
    if (listener?.topic.record === undefined) return false;
    const { collection, record } = listener.topic;
    const image = await findRecord(this.#options.reader, collection, record);
    return image !== undefined && isVisible(this.#judge, listener, image);
  }

  /** The one record that a topic is about, the same for all ways to write it. */
  recordOf(topic: string): string | undefined {
    const read = readRecordTopic(this.#options.schema(), topic);
    return read?.record === undefined ? undefined : `${read.collection.name}/${read.record}`;
  }

  /** Why a listener may or may not see the change, as things stand now; `other-topic`: it listens to something else. */
  async explain(
    change: Change,
    subscription: Subscription,
    principal: Principal,
  ): Promise<Explanation | "other-topic"> {
    if (!this.topicsOf(change).includes(subscription.topic)) return "other-topic";
    const listener = this.#listener(subscription, principal, change);
    if (!listener || listener.rule === null) return "superusers-only";
    if (listener.filter === null) return "filter";
    if (await this.#seen(listener, change, undefined)) return "visible";
    const unfiltered = await this.#seen({ ...listener, filter: "" }, change, undefined);
    return unfiltered ? "filter" : "rule";
  }

  /** What the change of a related record moves into and out of a listener's sight. */
  async moves(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityChanges> {
    const listener = this.#listener(subscription, principal);
    return listener ? this.#moves.find(change, listener, undefined) : [];
  }

  /**
   * Remembers a listener that a change is about to make another.
   *
   * @returns what that change moves into and out of its sight, given who it is then
   */
  remember(
    subscription: Subscription,
    principal: Principal,
  ): (change: Change, now: Principal) => Promise<VisibilityChanges> {
    const was = this.#listener(subscription, principal);
    return async (change, now) => {
      const listener = this.#listener(subscription, now);
      if (!was || !listener) return was === listener ? [] : "unknown";
      return this.#moves.find(change, listener, was);
    };
  }

  /** May a change that was missed have moved more than its own record into or out of a listener's sight? */
  mayMove(change: Change, subscription: Subscription, principal: Principal): boolean {
    const listener = this.#listener(subscription, principal);
    return listener !== undefined && mayChangeVisibility(change, listener);
  }

  /** The same for all listeners of a change: what is asked of one moment is asked together. */
  #momentOf({ seq }: Change): AsOf {
    if (this.#moment.seq !== seq) this.#moment = { seq };
    return this.#moment;
  }

  async #seen(
    listener: Listener,
    { action, record, before, after }: Change,
    moment: AsOf | undefined,
  ): Promise<Seen | undefined> {
    const { transitions } = listener;
    if (!transitions) {
      const image = after ?? before;
      return (await isVisible(this.#judge, listener, image, moment)) ? { action, image } : undefined;
    }
    const [was, is] = await Promise.all([
      before !== null && isVisible(this.#judge, listener, before, moment),
      after !== null && isVisible(this.#judge, listener, after, moment),
    ]);
    if (is) return { action: was || before === null ? action : transitions.enter, image: after! };
    if (!was) return undefined;
    return after === null ? { action, image: before } : { action: transitions.leave, gone: record };
  }

  #listener(subscription: Subscription, principal: Principal, change?: Change): Listener | undefined {
    return readListener(this.#options.schema(), this.#options.files, subscription, principal, change?.collection);
  }
}
