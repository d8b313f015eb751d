import { LRUCache } from "lru-cache";
import type { CollectionId } from "@headwater/protocol";
import { COLLECTIONS } from "../../collections/model/log-collection-change.ts";
import { readHead, readTrimmedTo } from "../../log/change-log.ts";
import { type Query, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import type { KnownCounts } from "../model/record-context.ts";

/** Counts that are kept. */
const MAX_COUNTS = 1_000;
/** Characters of their statements, values included. */
const MAX_CHARACTERS = 1 << 20;
/** Changes of the log that are looked through; beyond that, counting may be faster. */
const MAX_CHANGES = 2_000;

interface KnownCount {
  readonly total: number;
  /** The newest change when it was true. */
  readonly seq: number;
}

/**
 * Counts of lists, each true as long as the log has no change since of what it counts. The log is read in the snapshot of the
 * list, so a known count is the one that counting would give.
 */
export class CountCache implements KnownCounts {
  readonly #counts = new LRUCache<string, KnownCount>({
    max: MAX_COUNTS,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_count, key) => key.length,
  });

  async total(
    reader: Reader,
    { text, values }: Query,
    of: CollectionId | undefined,
    count: () => Promise<number>,
  ): Promise<number> {
    const key = JSON.stringify([text, ...values.map(String)]);
    const head = await readHead(reader);
    const known = this.#counts.get(key);
    // Another program has written without the log: nothing is known until the folder is opened again.
    const isLogged = (await reader.first(sql`SELECT 1 FROM _headwater WHERE key = 'foreign'`)) === undefined;
    const total = known && isLogged && (await isTrue(reader, known, head, of)) ? known.total : await count();
    if (isLogged) this.#counts.set(key, { total, seq: head });
    return total;
  }
}

async function isTrue(
  reader: Reader,
  { seq }: KnownCount,
  head: number,
  of: CollectionId | undefined,
): Promise<boolean> {
  if (seq === head) return true;
  if (of === undefined || seq > head || head - seq > MAX_CHANGES || (await readTrimmedTo(reader)) > seq) return false;
  const change = await reader.first(
    sql`SELECT 1 FROM _changes WHERE seq > ${seq} AND seq <= ${head} AND collection IN (${of}, ${COLLECTIONS}) LIMIT 1`,
  );
  return change === undefined;
}
