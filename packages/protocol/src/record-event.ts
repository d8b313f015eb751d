/** What happened to a record. */
export type Action = "create" | "update" | "delete";

/**
 * What it is to a subscriber: what happened to the record, or that a change of something made it visible (`enter`) or
 * hid it (`leave`).
 */
export type EventAction = Action | "enter" | "leave";

/** The data of a record event, in the key order that PocketBase writes. */
export interface RecordEvent {
  readonly record: Readonly<Record<string, unknown>>;
  readonly action: EventAction;
}
