import { channelOfTopic, presenceTarget, type Subscription, type OutgoingEvent } from "@headwater/protocol";
import { COLLECTIONS, isForeignWrite } from "../collections/model/log-collection-change.ts";
import type { Eventually } from "../lib/scheduling/eventually.ts";
import type { Meter } from "../lib/scheduling/meter.ts";
import type { Change } from "../log/change.ts";
import { RecordEvents, type RecordEventsOptions } from "./record-events.ts";
import type { VisibilityChanges } from "./visibility-diff.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { isBroadcast } from "./channels/broadcast.ts";
import { ChannelEvents, type ChannelEventsOptions } from "./channels/channel-events.ts";
import { roomOfPoke } from "./channels/poke-change.ts";
import { RoomEvents, type RoomEventsOptions } from "./channels/room-events.ts";
import type { AudienceKind, VisibilityReason } from "./audience-kind.ts";

export interface EventVisibilityOptions extends RecordEventsOptions, ChannelEventsOptions, RoomEventsOptions {}

/** Who sees which events: of records' changes, of broadcasts and of pokes. The hub's `Visibility`. */
export class EventVisibility {
  readonly #records: RecordEvents;
  readonly #channels: ChannelEvents;
  readonly #rooms: RoomEvents;

  constructor(options: EventVisibilityOptions) {
    this.#records = new RecordEvents(options);
    this.#channels = new ChannelEvents(options);
    this.#rooms = new RoomEvents(options);
  }

  topicsOf(change: Change): readonly string[] {
    if (isBroadcast(change)) return this.#channels.topicsOf(change);
    return roomOfPoke(change) !== undefined ? this.#rooms.topicsOf(change) : this.#records.topicsOf(change);
  }

  /** A collection's name is also a channel's name, so one subscription may have two audiences. */
  audiencesOf(subscription: Subscription, principal: Principal): readonly AudienceKind[] {
    const records = this.#records.audienceOf(subscription, principal);
    const channel = this.#channels.audienceOf(subscription, principal);
    const room = this.#rooms.audienceOf(subscription, principal);
    return [records, channel, room].filter((audience) => audience !== undefined);
  }

  principalKey(principal: Principal): string {
    return principalKey(principal);
  }

  routingValues(change: Change, subscription: Subscription, principal: Principal): Promise<readonly unknown[]> {
    return this.#records.routingValues(change, subscription, principal);
  }

  eventFor(
    change: Change,
    subscription: Subscription,
    principal: Principal,
    mode: "live" | "replayed",
    meter?: Meter,
  ): Eventually<OutgoingEvent | "untold" | "unknown" | undefined> {
    if (isBroadcast(change)) return this.#channels.eventFor(change, subscription, principal);
    return roomOfPoke(change) !== undefined
      ? this.#rooms.eventFor(change, principal)
      : this.#records.eventFor(change, subscription, principal, mode, meter);
  }

  visibilityChanges(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityChanges> {
    return this.#records.visibilityChanges(change, subscription, principal);
  }

  captureListener(subscription: Subscription, principal: Principal): ReturnType<RecordEvents["captureListener"]> {
    return this.#records.captureListener(subscription, principal);
  }

  mayChangeVisibility(change: Change, subscription: Subscription, principal: Principal): boolean {
    if (isForeignWrite(change)) return true;
    return (
      this.#records.mayChangeVisibility(change, subscription, principal) ||
      this.#channels.mayChangeVisibility(change, subscription, principal)
    );
  }

  accountOf(principal: Principal): { readonly collection: string; readonly id: string } | undefined {
    if (principal.kind === "guest") return undefined;
    return { collection: principal.collection.id, id: principal.values.id };
  }

  prepareReplay(changes: readonly Change[]): Promise<void> {
    return this.#records.current.load(changes);
  }

  replayVersion(change: Change): number | undefined {
    return isBroadcast(change) ? 0 : this.#records.current.versionOf(change);
  }

  changed(change: Change): void {
    if (change.collection === COLLECTIONS) this.#records.current.clear();
    else this.#records.current.changed(change);
  }

  /** See `ChannelEvents.isExcludedFrom`. */
  isExcludedFrom(channel: string, subscription: Subscription, principal: Principal): boolean {
    return this.#channels.isExcludedFrom(channel, subscription, principal);
  }

  /** May the principal be in a room of clients that sync, and poke those in it, by current data? */
  mayJoin(room: string, principal: Principal): Promise<boolean> {
    return this.#rooms.mayJoin(room, principal);
  }

  /** The channel or record whose presence a subscription is about; `undefined` for other subscriptions. */
  roomOf({ topic }: Subscription): string | undefined {
    const target = presenceTarget(topic);
    return target === undefined ? undefined : (channelOfTopic(target) ?? this.#records.recordKeyOf(target));
  }

  /** May the principal see who is present there, by current data? */
  async maySeePresence(subscription: Subscription, principal: Principal): Promise<boolean> {
    const target = presenceTarget(subscription.topic) ?? "";
    const channel = channelOfTopic(target);
    return channel === undefined
      ? this.#records.mayViewRecord({ ...subscription, topic: target }, principal)
      : this.#channels.mayListen(channel, subscription, principal);
  }

  /** Reads an account, to find out which principals may see it, by current data. */
  viewOfAccount(collection: string, id: string): Promise<(viewer: Principal) => Eventually<boolean>> {
    return this.#records.viewOf(collection, id);
  }

  /** Why a listener may or may not see a change, by current data. */
  async explain(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityReason> {
    return isBroadcast(change)
      ? this.#channels.explain(change, subscription, principal)
      : this.#records.explain(change, subscription, principal);
  }
}
