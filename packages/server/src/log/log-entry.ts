import type { Action, CollectionId, JsonValue, RecordId } from "@headwater/protocol";

/** Values as a row of the log holds them. */
export type LoggedValues = Readonly<Record<string, JsonValue>>;

/**
 * What a row holds of a change.
 *
 * - `changed`: a record's change. `before` has the old values of the fields that differ, by field id; nothing for a create,
 *   since the record itself and the rows after this one say what it held.
 * - `whole`: a record's change. `before` has all its values, by field id: a delete that is not delivered yet, and an update
 *   now and then, so that reading an older state never undoes too many changes.
 * - `plain`: a change of something that is in no record, such as a broadcast: its values before and after, by name.
 * - `rest`: a change of a record that was deleted, and its values erased. `before` has those of the fields that rules read.
 */
export type EntryForm = "changed" | "whole" | "plain" | "rest";

/** In the order of the numbers that stand for them in the table. */
const FORMS: readonly EntryForm[] = ["changed", "whole", "plain", "rest"];
export const formNumber = (form: EntryForm): number => FORMS.indexOf(form);
export const formOf = (number: unknown): EntryForm => FORMS[Number(number)] ?? "plain";

/** One record, in any collection. */
export interface RecordKey {
  readonly collection: CollectionId;
  readonly record: RecordId;
}

/** Why a record was deleted, if not by a request for itself. */
export interface Cascade {
  /** The seq of the last change before the first one of the cascade. */
  readonly since: number;
  /** The record that it depended on, whose own delete follows in the log. */
  readonly cause: RecordKey;
}

/** A change that is not in the log yet, as its row will hold it. */
export interface NewEntry extends RecordKey {
  readonly action: Action;
  readonly form: EntryForm;
  readonly before: LoggedValues | null;
  /** Only for the form `plain`. */
  readonly after: LoggedValues | null;
  readonly cascade?: Cascade | undefined;
}

/** A row of the log. */
export interface LogEntry extends NewEntry {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}
