import { type PatchOperation, syncKey } from "@headwater/protocol";
import { anyOf } from "../records/find-record.ts";
import { presentRecords } from "../records/present.ts";
import type { RecordContext } from "../records/record-context.ts";
import { idOf, orNone, selectRecords } from "../records/select-records.ts";
import { sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import type { Synced } from "./synced.ts";

/** Bytes of JSON after which an answer takes no more: the rest follows with the next pull. */
export const PAGE_BYTES = 2 << 20;

/** The operations of one answer, each as JSON: records are encoded once, and their bytes counted as they come. */
export class Patch {
  readonly operations: string[] = [];
  readonly limit: number;
  #bytes = 0;

  constructor(limit = PAGE_BYTES) {
    this.limit = limit;
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
    return this.#bytes >= this.limit;
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
  { collection, rule }: Synced,
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
