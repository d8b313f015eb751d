import type { OutgoingEvent, Subscription } from "@headwater/protocol";
import type { Rule } from "../../collections/model/rule.ts";
import type { Change } from "../../log/change.ts";
import { isSuperuser, type Principal } from "../../rules/principal.ts";
import type { AudienceKind } from "../audience-kind.ts";
import type { Channels } from "./channels.ts";
import { NameRules, type NameRulesOptions } from "./name-rules.ts";
import { roomOfPoke, RoomSubscription } from "./poke-change.ts";

export interface RoomEventsOptions extends NameRulesOptions {
  readonly rooms: Channels;
}

/** The hub's topic of a room. No channel's name starts with "~". */
const topicOf = (room: string): string => `:~${room}`;

/** Pokes of rooms, for those in them. A room's rule is evaluated again for each poke. */
export class RoomEvents {
  readonly #rooms: Channels;
  readonly #rules: NameRules;

  constructor(options: RoomEventsOptions) {
    this.#rooms = options.rooms;
    this.#rules = new NameRules(options);
  }

  topicsOf(change: Change): readonly string[] {
    const room = roomOfPoke(change);
    return room === undefined ? [] : [topicOf(room)];
  }

  /** @returns `undefined` for a subscription that isn't to a room, and for a room that the principal may never be in */
  audienceOf(subscription: Subscription, principal: Principal): AudienceKind | undefined {
    if (!(subscription instanceof RoomSubscription)) return undefined;
    const { room } = subscription;
    const context = this.#rules.context(subscription, principal);
    return this.#rules.audienceOf(topicOf(room), this.#ruleOf(room, principal), context);
  }

  async eventFor(change: Change, principal: Principal): Promise<OutgoingEvent | undefined> {
    const room = roomOfPoke(change);
    if (room === undefined || !(await this.mayJoin(room, principal))) return undefined;
    return { kind: "custom", source: room, time: change.time, data: "" };
  }

  /** May the principal be in the room, and poke those in it, by current data? */
  mayJoin(room: string, principal: Principal): Promise<boolean> {
    const context = this.#rules.context(new RoomSubscription(room), principal);
    return this.#rules.isMet(room, this.#ruleOf(room, principal), context);
  }

  /** "" for superusers, `null` for a room that isn't declared. */
  #ruleOf(room: string, principal: Principal): Rule {
    return isSuperuser(principal) ? "" : this.#rooms.ruleOf(room);
  }
}
