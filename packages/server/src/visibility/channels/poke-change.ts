import { collectionId, NO_OPTIONS, recordId, type Subscription } from "@headwater/protocol";
import type { Change } from "../../log/change.ts";

/** The collection id of pokes of a room, which are never in the log. No collection has it. */
const POKES = collectionId("_pokes");

/** What the hub delivers to those in a room. */
export function pokeChange(room: string, time: number): Change {
  const record = recordId(room);
  return { seq: 0, time, collection: POKES, record, action: "create", before: null, after: { id: record } };
}

/** The room that is poked; `undefined` if the change is no poke. */
export const roomOfPoke = ({ collection, record }: Change): string | undefined =>
  collection === POKES ? record : undefined;

/** What a client in a room subscribes to. Only the server makes it: a client's own subscription of this name gets nothing. */
export class RoomSubscription implements Subscription {
  readonly name: string;
  readonly options = NO_OPTIONS;

  constructor(readonly room: string) {
    this.name = `~${room}`;
  }

  get label(): string {
    return this.name;
  }

  get topic(): string {
    return this.name;
  }
}
