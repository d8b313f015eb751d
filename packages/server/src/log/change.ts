import type { Action, CollectionId, RecordId, RecordValues } from "@headwater/protocol";
import type { Cascade } from "./log-entry.ts";

/** One committed create, update or delete. `before` is null for a create, `after` for a delete. */
export type Change =
  | ChangeOf<"create", null, RecordValues>
  | ChangeOf<"update", RecordValues, RecordValues>
  | (ChangeOf<"delete", RecordValues, null> & Deletion);

interface ChangeOf<A extends Action, Before, After> {
  /** Its place in the log, in the order of commits. Never used twice, even after a trim; there may be gaps. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `_collections` for a change of a collection itself, whose values are then the collection's columns. */
  readonly collection: CollectionId;
  readonly record: RecordId;
  readonly action: A;
  readonly before: Before;
  readonly after: After;
  /** The record has been deleted since, and its values erased: only those of fields that rules read are left. */
  readonly isErased?: boolean;
}

interface Deletion {
  /** If it followed from the delete of another record. */
  readonly cascade?: Cascade | undefined;
}

/** A change that is not in the log yet. */
export type NewChange = Change extends infer C ? (C extends Change ? Omit<C, "seq" | "time"> : never) : never;
