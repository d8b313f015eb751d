import { channelOfTopic, GLOBAL_SUBSCRIPTION, type Subscription, type OutgoingEvent } from "@headwater/protocol";
import { COLLECTIONS } from "../../collections/model/log-collection-change.ts";
import type { Rule } from "../../collections/model/rule.ts";
import type { Change } from "../../log/change.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import { excludesRequester } from "../../records/rule-check/interpret-rule.ts";
import { isSuperuser, type Principal } from "../../rules/principal.ts";
import type { AudienceKind, VisibilityReason } from "../audience-kind.ts";
import { mayWiden } from "../may-change-visibility.ts";
import { channelOfBroadcast, isBroadcast, broadcastEvent } from "./broadcast.ts";
import type { Channels } from "./channels.ts";
import { audience, NameRules, type NameRulesOptions } from "./name-rules.ts";

export interface ChannelEventsOptions extends NameRulesOptions {
  readonly channels: Channels;
}

/** The hub's topic of a channel. No topic of records starts with ":". */
const topicOf = (channel: string): string => `:${channel}`;
const ALL_CHANNELS = ":*";

/** Turns broadcasts into events for listeners. The channel's rule is evaluated again for each broadcast. */
export class ChannelEvents {
  readonly #options: ChannelEventsOptions;
  readonly #rules: NameRules;
  #last: { readonly change: Change; readonly event: OutgoingEvent } | undefined;

  constructor(options: ChannelEventsOptions) {
    this.#options = options;
    this.#rules = new NameRules(options);
  }

  topicsOf(change: Change): readonly string[] {
    if (!isBroadcast(change)) return [];
    const channel = channelOfBroadcast(change);
    return channel === "" ? [topicOf("")] : [topicOf(channel), ALL_CHANNELS];
  }

  /** @returns `undefined` for a topic that isn't a channel, and for a channel that the principal may not listen to */
  audienceOf(subscription: Subscription, principal: Principal): AudienceKind | undefined {
    if (subscription === GLOBAL_SUBSCRIPTION) return audience(topicOf(""), "all", true);
    if (subscription.topic === "*") return isSuperuser(principal) ? audience(ALL_CHANNELS, "all", true) : undefined;
    const channel = channelOfTopic(subscription.topic);
    if (channel === undefined) return undefined;
    const context = this.#context(subscription, principal);
    return this.#rules.audienceOf(topicOf(channel), this.#ruleOf(channel, context), context);
  }

  /** @returns `undefined` if the principal may not listen to the channel */
  async eventFor(change: Change, subscription: Subscription, principal: Principal): Promise<OutgoingEvent | undefined> {
    const channel = channelOfBroadcast(change);
    if (channel !== "" && !(await this.mayListen(channel, subscription, principal))) return undefined;
    // One object for all listeners: transports share the text they make of it.
    if (this.#last?.change !== change) this.#last = { change, event: broadcastEvent(change) };
    return this.#last.event;
  }

  /** Why a listener may or may not receive a broadcast, by current data. */
  async explain(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityReason> {
    const channel = channelOfBroadcast(change);
    if (channel === "") return "visible";
    if (subscription.topic !== "*" && channelOfTopic(subscription.topic) !== channel) return "other-topic";
    if (await this.mayListen(channel, subscription, principal)) return "visible";
    return this.#ruleOf(channel, this.#context(subscription, principal)) === null ? "superusers-only" : "rule";
  }

  /** Does the channel's rule exclude the principal, whatever any record holds? Decided without reading records. */
  isExcludedFrom(channel: string, subscription: Subscription, principal: Principal): boolean {
    const context = this.#context(subscription, principal);
    return this.#rules.excludes(this.#ruleOf(channel, context), context);
  }

  /** May a missed change have opened the subscription's channel to the principal? */
  mayChangeVisibility(change: Change, subscription: Subscription, principal: Principal): boolean {
    const channel = channelOfTopic(subscription.topic);
    if (channel === undefined || isSuperuser(principal)) return false;
    const { schema, channels } = this.#options;
    if (change.collection === COLLECTIONS) {
      const collection = schema().find(String(change.record));
      if (change.action === "create" || collection?.name !== channel) return false;
      if (channels.declaredRuleOf(channel) !== undefined) return false;
      return (
        change.action === "delete" || mayWiden(change.before["listRule"] as Rule, change.after["listRule"] as Rule)
      );
    }
    const rule = this.#ruleOf(channel, this.#context(subscription, principal));
    return this.#rules.mayBeMetAfter(change, rule, subscription, principal);
  }

  /** May the principal listen to the channel, by current data? */
  async mayListen(channel: string, subscription: Subscription, principal: Principal): Promise<boolean> {
    const context = this.#context(subscription, principal);
    return this.#rules.isMet(channel, this.#ruleOf(channel, context), context);
  }

  /**
   * The rule that the principal has to meet; "" for superusers. An undeclared channel with a collection's name is open to
   * everyone who may list any records of that collection.
   */
  #ruleOf(channel: string, context: RecordContext): Rule {
    const { channels, schema } = this.#options;
    if (isSuperuser(context.principal)) return "";
    const declared = channels.declaredRuleOf(channel);
    const collection = schema().find(channel);
    if (declared !== undefined || collection?.name !== channel) return channels.ruleOf(channel);
    return excludesRequester(context, collection, collection.listRule) ? null : "";
  }

  #context(subscription: Subscription, principal: Principal): RecordContext {
    return this.#rules.context(subscription, principal);
  }
}
