import { channelOfTopic, presenceOf, type Subscription, type OutgoingEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { type Explanation, type RecordAudience, RecordEvents } from "./record-events.ts";
import type { VisibilityChanges } from "./visibility-diff.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { isBroadcast } from "./broadcast.ts";
import { type ChannelAudience, ChannelEvents, type ChannelEventsOptions } from "./channel-events.ts";

/** What changes are to those who listen: those of records, and broadcasts. */
export class EventVisibility {
  readonly #records: RecordEvents;
  readonly #channels: ChannelEvents;

  constructor(options: ChannelEventsOptions) {
    this.#records = new RecordEvents(options);
    this.#channels = new ChannelEvents(options);
  }

  topicsOf(change: Change): readonly string[] {
    return isBroadcast(change) ? this.#channels.topicsOf(change) : this.#records.topicsOf(change);
  }

  /** A collection's name is also that of a channel: one subscription may listen to both. */
  audiencesOf(subscription: Subscription, principal: Principal): readonly (RecordAudience | ChannelAudience)[] {
    const records = this.#records.audienceOf(subscription, principal);
    const channel = this.#channels.audienceOf(subscription, principal);
    return [records, channel].filter((audience) => audience !== undefined);
  }

  principalKey(principal: Principal): string {
    return principalKey(principal);
  }

  held(change: Change, subscription: Subscription, principal: Principal): Promise<readonly unknown[]> {
    return this.#records.held(change, subscription, principal);
  }

  present(
    change: Change,
    subscription: Subscription,
    principal: Principal,
    told: "live" | "replayed",
  ): Promise<OutgoingEvent | undefined> {
    return isBroadcast(change)
      ? this.#channels.present(change, subscription, principal)
      : this.#records.present(change, subscription, principal, told);
  }

  moves(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityChanges> {
    return this.#records.moves(change, subscription, principal);
  }

  remember(subscription: Subscription, principal: Principal): ReturnType<RecordEvents["remember"]> {
    return this.#records.remember(subscription, principal);
  }

  mayMove(change: Change, subscription: Subscription, principal: Principal): boolean {
    return this.#records.mayMove(change, subscription, principal);
  }

  /** See `ChannelEvents.isShutOut`. */
  isShutOutOf(channel: string, subscription: Subscription, principal: Principal): boolean {
    return this.#channels.isShutOut(channel, subscription, principal);
  }

  /** The channel or the record whose presence a subscription is about; `undefined` for all others. */
  roomOf({ topic }: Subscription): string | undefined {
    const room = presenceOf(topic);
    return room === undefined ? undefined : (channelOfTopic(room) ?? this.#records.recordOf(room));
  }

  /** May the principal hear who is present there, as things stand now? */
  async mayAttend(subscription: Subscription, principal: Principal): Promise<boolean> {
    const room = presenceOf(subscription.topic) ?? "";
    const channel = channelOfTopic(room);
    return channel === undefined
      ? this.#records.maySee({ ...subscription, topic: room }, principal)
      : this.#channels.mayListen(channel, subscription, principal);
  }

  /** Why a listener may or may not see a change, as things stand now; `other-topic`: it listens to something else. */
  async explain(
    change: Change,
    subscription: Subscription,
    principal: Principal,
  ): Promise<Explanation | "other-topic"> {
    return isBroadcast(change)
      ? this.#channels.explain(change, subscription, principal)
      : this.#records.explain(change, subscription, principal);
  }
}
