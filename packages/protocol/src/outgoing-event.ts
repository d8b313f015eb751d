/** Something that listeners are told, before a transport makes a message of it. */
export interface OutgoingEvent {
  readonly kind: "record" | "custom" | "presence" | "resync";
  /** The collection or channel that it is about, by its name; "" for what is for everyone or about the connection. */
  readonly source: string;
  /** When it happened, milliseconds since 1970. */
  readonly time: number;
  /**
   * What is told, one line of JSON: of a custom event anything JSON can say, of all others an object with at least one key.
   * Shared by all who are told the same.
   */
  readonly data: string;
}

/** Do both tell the same? */
export const isSameEvent = (one: OutgoingEvent, other: OutgoingEvent): boolean =>
  one === other || (one.kind === other.kind && one.source === other.source && one.data === other.data);

/** Why a client can't be given what it missed, and must read everything anew. */
export type ResyncReason = "expired" | "epoch" | "unknown" | "visibility";

/** @param cursor the place behind which all events follow */
export const resyncEvent = (reason: ResyncReason, cursor: string, time: number): OutgoingEvent => ({
  kind: "resync",
  source: "",
  time,
  data: JSON.stringify({ reason, cursor }),
});
