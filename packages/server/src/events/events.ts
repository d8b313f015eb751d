import { channelOfTopic, type Subscription, type Telling } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { type Explanation, type RecordAudience, RecordEvents } from "../records/record-events.ts";
import type { Moves } from "../records/moves.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { isBroadcast } from "./broadcast.ts";
import { type ChannelAudience, ChannelEvents, type ChannelEventsOptions } from "./channel-events.ts";

/** What changes are to those who listen: those of records, and broadcasts. */
export class Events {
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
  ): Promise<Telling | undefined> {
    return isBroadcast(change)
      ? this.#channels.present(change, subscription, principal)
      : this.#records.present(change, subscription, principal, told);
  }

  moves(change: Change, subscription: Subscription, principal: Principal): Promise<Moves> {
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

  /** May the principal hear of the channel or the record, as things stand now? */
  async mayHear(subscription: Subscription, principal: Principal): Promise<boolean> {
    const channel = channelOfTopic(subscription.topic);
    return channel === undefined
      ? this.#records.maySee(subscription, principal)
      : this.#channels.mayListen(channel, subscription, principal);
  }

  /** What is one room for those who want to see each other: a channel or a record; `undefined` for all else. */
  roomOf({ topic }: Subscription): string | undefined {
    return channelOfTopic(topic) ?? this.#records.recordOf(topic);
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
