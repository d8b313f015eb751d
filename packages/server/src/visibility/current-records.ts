import type { RecordValues } from "@headwater/protocol";
import { LRUCache } from "lru-cache";
import type { Collection } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import type { Change } from "../log/change.ts";
import { findRecord, findRecords, anyOf } from "../records/query/find-record.ts";
import { sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";

/** A record as it is now. */
interface CurrentRecord {
  /** Another number for each state. */
  readonly version: number;
  /** `undefined` if it is not stored. */
  readonly values: RecordValues | undefined;
}

const MAX_RECORDS = 8_192;
/** Characters of text, about. */
const MAX_SIZE = 16 << 20;

/**
 * The records that replays are about, as they are now: a replay says nothing of a record that its receiver may not see
 * any more. Clients that come back at the same time share one read.
 */
export class CurrentRecords {
  readonly #reader: Reader;
  readonly #schema: () => Schema;
  readonly #records = new LRUCache<string, CurrentRecord>({
    max: MAX_RECORDS,
    maxSize: MAX_SIZE,
    sizeCalculation: ({ values }) => sizeOf(values),
  });
  /** The reads under way, by record: a change of the record meanwhile makes the result out of date. */
  readonly #reads = new Map<string, symbol>();
  #lastVersion = 0;

  constructor(reader: Reader, schema: () => Schema) {
    this.#reader = reader;
    this.#schema = schema;
  }

  /** Reads the records of these changes with one statement for each collection. */
  async load(changes: readonly Change[]): Promise<void> {
    const missing = changes.filter((change) => change.action !== "delete" && !this.#records.has(keyOf(change)));
    for (const [id, group] of Map.groupBy(missing, ({ collection }) => collection)) {
      const collection = this.#schema().find(id);
      if (collection && collection.type !== "view") await this.#loadOf(collection, group);
    }
  }

  /** Differs if the record may differ; `undefined` if that is not known. */
  versionOf(change: Change): number | undefined {
    // What a replayed delete says does not depend on what became of the id.
    return change.action === "delete" ? 0 : this.#records.get(keyOf(change))?.version;
  }

  /** @returns `undefined` if the record is not stored any more */
  async find(change: Change, collection: Collection): Promise<RecordValues | undefined> {
    const known = this.#records.get(keyOf(change));
    return known ? known.values : findRecord(this.#reader, collection, change.record);
  }

  /** The record has changed. */
  changed(change: Change): void {
    const key = keyOf(change);
    this.#records.delete(key);
    this.#reads.delete(key);
  }

  /** All records may differ: collections have changed. */
  clear(): void {
    this.#records.clear();
    this.#reads.clear();
  }

  async #loadOf(collection: Collection, changes: readonly Change[]): Promise<void> {
    const read = Symbol("read");
    for (const change of changes) this.#reads.set(keyOf(change), read);
    const ids = [...new Set(changes.map(({ record }): string => record))];
    const found = await findRecords(this.#reader, collection, sql`id IN ${anyOf(ids)}`);
    const byId = new Map(found.map((values) => [values.id, values]));
    for (const change of changes) {
      const key = keyOf(change);
      if (this.#reads.get(key) !== read) continue;
      this.#reads.delete(key);
      this.#lastVersion += 1;
      this.#records.set(key, { version: this.#lastVersion, values: byId.get(change.record) });
    }
  }
}

const keyOf = ({ collection, record }: Change): string => `${collection}/${record}`;

/** At least 1, as the cache wants it. */
function sizeOf(values: RecordValues | undefined): number {
  let size = 64;
  for (const value of Object.values(values ?? {})) size += typeof value === "string" ? value.length : 32;
  return size;
}
