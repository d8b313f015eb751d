import { collectionId, recordId, type OutgoingEvent } from "@headwater/protocol";
import { appendChange } from "../../log/append-change.ts";
import type { Change, NewChange } from "../../log/change.ts";
import type { Transaction } from "../../store/store.ts";

/** A message from the application to the listeners of a channel or, without a name, to everyone. */
export interface Broadcast {
  readonly channel: string;
  /** JSON. */
  readonly data: string;
}

/** The collection id of broadcasts in the log. No collection has it. */
const BROADCASTS = collectionId("_broadcasts");

/** Adds a broadcast to the log, in order with the changes of records. */
export const appendBroadcast = (tx: Transaction, broadcast: Broadcast): Promise<void> =>
  appendChange(tx, toChange(broadcast));

/** A broadcast that doesn't go to the log. */
export const unloggedBroadcast = (broadcast: Broadcast, time: number): Change => ({
  ...toChange(broadcast),
  seq: 0,
  time,
});

function toChange({ channel, data }: Broadcast): NewChange & { readonly action: "create" } {
  const record = recordId(channel);
  return { collection: BROADCASTS, record, action: "create", before: null, after: { id: record, data } };
}

export const isBroadcast = ({ collection }: Change): boolean => collection === BROADCASTS;

/** The channel's name; empty for a broadcast to everyone. */
export const channelOfBroadcast = ({ record }: Change): string => record;

export const broadcastEvent = (change: Change): OutgoingEvent => ({
  kind: "custom",
  source: channelOfBroadcast(change),
  time: change.time,
  data: change.after?.["data"] as string,
});
