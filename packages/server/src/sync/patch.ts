import { type PatchOperation, syncKey } from "@headwater/protocol";
import { anyOf } from "../records/query/find-record.ts";
import { presentRecords } from "../records/present/present.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { idOf, orNone, selectRecords } from "../records/query/select-records.ts";
import { sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import type { SyncedCollection } from "./synced-collection.ts";

/** How much is done at a time. */
export interface Sizes {
  /** Bytes of JSON after which an answer takes no more: the rest follows with the next pull. */
  readonly page: number;
  /** Changes of the log that are taken up together. */
  readonly span: number;
  /** Ids that are compared in one turn of the loop. */
  readonly step: number;
  /** Records that are put together before anything is known of their size. */
  readonly firstPuts: number;
  /** Records of old versions, whole ones, that are told together. */
  readonly told: number;
}

export const SIZES: Sizes = { page: 2 << 20, span: 200, step: 2_000, firstPuts: 100, told: 500 };

/** The operations of one answer, each as JSON: records are encoded once, and their bytes counted as they come. */
export class Patch {
  readonly operations: string[] = [];
  readonly sizes: Sizes;
  #bytes = 0;

  constructor(sizes: Sizes) {
    this.sizes = sizes;
  }

  add(operation: PatchOperation): void {
    const text = JSON.stringify(operation);
    this.operations.push(text);
    this.#bytes += text.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.sizes.page;
  }
}

/**
 * Puts those of the records that the principal may list, as a list would show them.
 *
 * @returns the ids of those it put
 */
export async function putVisible(
  reader: Reader,
  context: RecordContext,
  { collection, rule }: SyncedCollection,
  ids: readonly string[],
  patch: Patch,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const among = sql`${idOf(collection)} IN ${anyOf(ids)}`;
  const records = (await orNone(() => selectRecords(reader, context, collection, rule, among))) ?? [];
  const shown = await presentRecords(reader, context, collection, records, "");
  for (const [i, { id }] of records.entries()) {
    patch.add({ op: "put", key: syncKey(collection.name, id), value: shown[i] });
  }
  return new Set(records.map(({ id }) => id));
}
