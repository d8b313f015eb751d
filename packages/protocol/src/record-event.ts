/** What happened to a record. */
export type Action = "create" | "update" | "delete";

/**
 * What happened from a subscriber's point of view: an action on the record, or a change that made the record visible
 * (`enter`) or hid it (`leave`).
 */
export type EventAction = Action | "enter" | "leave";

/** The data of a record event, in the key order that PocketBase writes. */
export interface RecordEvent {
  readonly record: Readonly<Record<string, unknown>>;
  readonly action: EventAction;
}
