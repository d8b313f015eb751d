/** An event for subscribers, before a transport encodes it. */
export interface OutgoingEvent {
  readonly kind: "record" | "custom" | "presence" | "resync";
  /** Name of the collection or channel. "" for an event that goes to everyone or is about the connection itself. */
  readonly source: string;
  /** When it happened, in milliseconds since 1970. */
  readonly time: number;
  /**
   * The payload, one line of JSON: any value in a custom event, an object with at least one key in all others.
   * Receivers of the same event share the string.
   */
  readonly data: string;
}

/** Whether both events have the same kind, source and data. */
export const isSameEvent = (one: OutgoingEvent, other: OutgoingEvent): boolean =>
  one === other || (one.kind === other.kind && one.source === other.source && one.data === other.data);

/** Why the server can't send a client what it missed, so that the client must reload. */
export type ResyncReason = "expired" | "epoch" | "unknown" | "visibility" | "overload";

/** @param cursor all events after this one follow */
export const resyncEvent = (reason: ResyncReason, cursor: string, time: number): OutgoingEvent => ({
  kind: "resync",
  source: "",
  time,
  data: JSON.stringify({ reason, cursor }),
});
