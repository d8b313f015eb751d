import { collectionId, recordId, type OutgoingEvent } from "@headwater/protocol";
import { appendChange } from "../log/append-change.ts";
import type { Change, NewChange } from "../log/change.ts";
import type { Transaction } from "../store/store.ts";

/** What the application tells: of a channel, or, without a name, everyone. */
export interface Broadcast {
  readonly channel: string;
  /** JSON. */
  readonly data: string;
}

/** Where broadcasts stand in the log; no collection has such an id. */
const BROADCASTS = collectionId("_broadcasts");
const NO_SECRETS: ReadonlySet<string> = new Set();

/** Adds it to the log, where it has its place among the changes of records. */
export const appendBroadcast = (tx: Transaction, broadcast: Broadcast): Promise<void> =>
  appendChange(tx, changeOf(broadcast), NO_SECRETS);

/** A broadcast that is in no log. */
export const unloggedBroadcast = (broadcast: Broadcast, time: number): Change => ({
  ...changeOf(broadcast),
  seq: 0,
  time,
});

function changeOf({ channel, data }: Broadcast): NewChange & { readonly action: "create" } {
  const record = recordId(channel);
  return { collection: BROADCASTS, record, action: "create", before: null, after: { id: record, data } };
}

export const isBroadcast = ({ collection }: Change): boolean => collection === BROADCASTS;

/** The channel's name; empty for what is for everyone. */
export const channelOfBroadcast = ({ record }: Change): string => record;

export const tellingOfBroadcast = (change: Change): OutgoingEvent => ({
  kind: "custom",
  source: channelOfBroadcast(change),
  time: change.time,
  data: change.after?.["data"] as string,
});
