import { type PatchOperation, syncKey } from "@headwater/protocol";
import { presentRecords } from "../records/present/present.ts";
import { selectRecords } from "../records/query/select-records.ts";
import { undefinedIfUnreadable } from "../records/query/unreadable-rule.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SyncedCollection } from "./synced-collection.ts";

/** How much one pull does at a time. */
export interface PatchLimits {
  /** Bytes of JSON after which a response takes no more operations; the next pull continues. */
  readonly pageBytes: number;
  /** Changes of the log that are processed together. */
  readonly logSpan: number;
  /** Ids that a scan compares before it lets other requests run. */
  readonly scanStep: number;
  /** Records that a scan puts before the size of a record is known. */
  readonly firstPuts: number;
  /** Rows of missed versions that are read together, rounded up to whole versions. */
  readonly missedRows: number;
}

export const DEFAULT_LIMITS: PatchLimits = {
  pageBytes: 2 << 20,
  logSpan: 200,
  scanStep: 2_000,
  firstPuts: 100,
  missedRows: 500,
};

/** The operations of one response, each encoded once as JSON, with their size so far. */
export class Patch {
  readonly operations: string[] = [];
  readonly limits: PatchLimits;
  #bytes = 0;

  constructor(limits: PatchLimits) {
    this.limits = limits;
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
    return this.#bytes >= this.limits.pageBytes;
  }
}

/**
 * Puts the records that the requester may list into the patch, in the form that a list returns them.
 *
 * @returns the ids of the records it put
 */
export async function putVisible(
  { reader, context }: Snapshot,
  { collection, listRule }: SyncedCollection,
  ids: readonly string[],
  patch: Patch,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const records = (await undefinedIfUnreadable(() => selectRecords(reader, context, collection, listRule, ids))) ?? [];
  const shown = await presentRecords(reader, context, collection, records, "");
  for (const [i, { id }] of records.entries()) {
    patch.add({ op: "put", key: syncKey(collection.name, id), value: shown[i] });
  }
  return new Set(records.map(({ id }) => id));
}
