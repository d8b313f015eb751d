import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "./collection.ts";

/** A record together with the collection that gives its values their meaning. */
export interface StoredRecord {
  readonly collection: Collection;
  readonly values: RecordValues;
}
