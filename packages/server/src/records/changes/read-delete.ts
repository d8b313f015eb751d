import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { readNextDelete } from "../../log/change-log.ts";
import type { Cascade, RecordKey } from "../../log/log-entry.ts";
import type { Reader } from "../../store/store.ts";
import { remains, wholeImage } from "./image.ts";

export interface DeletedRecord {
  readonly seq: number;
  readonly collection: Collection;
  readonly id: string;
  /** As it was, or what is left of it in the log. */
  readonly values: RecordValues;
  readonly cascade: Cascade | undefined;
}

/** The first delete of a record after a place in the log. */
export async function readDelete(
  reader: Reader,
  schema: Schema,
  key: RecordKey,
  seq: number,
): Promise<DeletedRecord | undefined> {
  const collection = schema.find(key.collection);
  const entry = await readNextDelete(reader, key, seq);
  if (!collection || !entry) return undefined;
  const values = entry.form === "whole" ? wholeImage(collection, entry) : remains(collection, entry, new Set());
  return { seq: entry.seq, collection, id: key.record, values, cascade: entry.cascade };
}
