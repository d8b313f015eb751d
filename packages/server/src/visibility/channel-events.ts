import { channelOfTopic, EVERYONE, recordId, type Subscription, type OutgoingEvent } from "@headwater/protocol";
import type { Rule } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import type { Change } from "../log/change.ts";
import { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import { listeningContext } from "./listener.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import type { Explanation } from "./record-events.ts";
import { interpretRule, matchesNothing } from "../records/rule-check/interpret-rule.ts";
import { recordScope } from "../records/rule-check/record-scope.ts";
import { decisionKey } from "../rules/analysis/decision-key.ts";
import { dependenciesOf } from "../rules/analysis/rule-dependencies.ts";
import { isSuperuser, type Principal, principalKey } from "../rules/principal.ts";
import { readsOf } from "../rules/analysis/rule-inputs.ts";
import type { SnapshotReader } from "../store/store.ts";
import { channelOfBroadcast, isBroadcast, tellingOfBroadcast } from "./broadcast.ts";
import { CHANNELS, type Channels } from "./channels.ts";

export interface ChannelEventsOptions {
  readonly reader: SnapshotReader;
  readonly schema: () => Schema;
  readonly files: FileStore;
  readonly channels: Channels;
}

/** Listeners who are alike: see the hub's index. */
export interface ChannelAudience {
  readonly topic: string;
  readonly key: string;
  readonly requires: undefined;
  readonly follows: undefined;
  readonly steady: boolean;
}

/** Topics of channels in the hub: no topic of records begins so. */
const topicOf = (channel: string): string => `:${channel}`;
const ALL_CHANNELS = ":*";

/** What a broadcast is to those who listen. The rule of a channel is asked again for each. */
export class ChannelEvents {
  readonly #options: ChannelEventsOptions;
  readonly #judge: RuleBatcher;
  #told: { readonly change: Change; readonly telling: OutgoingEvent } | undefined;

  constructor(options: ChannelEventsOptions) {
    this.#options = options;
    this.#judge = new RuleBatcher(options.reader);
  }

  topicsOf(change: Change): readonly string[] {
    if (!isBroadcast(change)) return [];
    const channel = channelOfBroadcast(change);
    return channel === "" ? [topicOf("")] : [topicOf(channel), ALL_CHANNELS];
  }

  audienceOf(subscription: Subscription, principal: Principal): ChannelAudience | undefined {
    if (subscription === EVERYONE) return audience(topicOf(""), "all", true);
    if (subscription.topic === "*") return isSuperuser(principal) ? audience(ALL_CHANNELS, "all", true) : undefined;
    const channel = channelOfTopic(subscription.topic);
    if (channel === undefined) return undefined;
    const context = this.#context(subscription, principal);
    const rule = this.#ruleOf(channel, context);
    const meaning = interpretRule(context, CHANNELS, rule);
    if (meaning === "none") return undefined;
    const topic = topicOf(channel);
    if (meaning === "every") return audience(topic, "all", true);
    const isCacheable = dependenciesOf(meaning).length === 0 && !readsOf(rule!).now;
    return audience(topic, decisionKey(meaning, recordScope(context, CHANNELS), context), isCacheable);
  }

  async present(change: Change, subscription: Subscription, principal: Principal): Promise<OutgoingEvent | undefined> {
    const channel = channelOfBroadcast(change);
    if (channel !== "" && !(await this.mayListen(channel, subscription, principal))) return undefined;
    // Made once: the texts that transports send are shared by all who are told the same.
    if (this.#told?.change !== change) this.#told = { change, telling: tellingOfBroadcast(change) };
    return this.#told.telling;
  }

  /** Why a listener may or may not hear a broadcast, as things stand now; `other-topic`: it listens to something else. */
  async explain(
    change: Change,
    subscription: Subscription,
    principal: Principal,
  ): Promise<Explanation | "other-topic"> {
    const channel = channelOfBroadcast(change);
    if (channel === "") return "visible";
    if (subscription.topic !== "*" && channelOfTopic(subscription.topic) !== channel) return "other-topic";
    if (await this.mayListen(channel, subscription, principal)) return "visible";
    return this.#ruleOf(channel, this.#context(subscription, principal)) === null ? "superusers-only" : "rule";
  }

  /** Is there nothing that the principal may hear on the channel? As things stand now, and without a look at records. */
  isShutOut(channel: string, subscription: Subscription, principal: Principal): boolean {
    const context = this.#context(subscription, principal);
    return matchesNothing(context, CHANNELS, this.#ruleOf(channel, context));
  }

  /** May the principal listen to the channel, as things stand now? */
  async mayListen(channel: string, subscription: Subscription, principal: Principal): Promise<boolean> {
    const context = this.#context(subscription, principal);
    const rule = this.#ruleOf(channel, context);
    const image = { id: recordId(channel) };
    return this.#judge.canSee(context, principalKey(principal), CHANNELS, rule, image, "trusted");
  }

  /**
   * The rule that a principal meets, superusers all. A channel of a collection's name that nobody has declared is for
   * those who may list any of its records.
   */
  #ruleOf(channel: string, context: RecordContext): Rule {
    const { channels, schema } = this.#options;
    const { principal } = context;
    if (isSuperuser(principal)) return "";
    const declared = channels.declaredRuleOf(channel);
    const collection = schema().find(channel);
    if (declared !== undefined || collection?.name !== channel) return channels.ruleOf(channel);
    return matchesNothing(context, collection, collection.listRule) ? null : "";
  }

  #context(subscription: Subscription, principal: Principal): RecordContext {
    const { schema, files } = this.#options;
    return listeningContext(schema(), files, subscription, principal);
  }
}

const audience = (topic: string, key: string, steady: boolean): ChannelAudience => ({
  topic,
  key,
  requires: undefined,
  follows: undefined,
  steady,
});
