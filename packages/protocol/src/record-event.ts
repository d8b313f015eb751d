/** What happened to a record. */
export type Action = "create" | "update" | "delete";

/** The data of a record event, in the key order that PocketBase writes. */
export interface RecordEvent {
  readonly record: Readonly<Record<string, unknown>>;
  readonly action: Action;
}
