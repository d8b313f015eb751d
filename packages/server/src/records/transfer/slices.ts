import type { ReadRow } from "./read-row.ts";

/** Rows of one transaction, and characters of them, about. */
const SLICE_ROWS = 250;
const SLICE_LENGTH = 1 << 20;

/** Splits rows into transactions. A record occurs once in a slice, so that whether it exists is known before its transaction. */
export async function* slicesOf(rows: AsyncIterable<ReadRow>, upsert: boolean): AsyncGenerator<readonly ReadRow[]> {
  let slice: ReadRow[] = [];
  let length = 0;
  const ids = new Set<unknown>();
  try {
    for await (const row of rows) {
      const id: unknown = upsert && row.problem === undefined ? row.values["id"] : undefined;
      if (slice.length >= SLICE_ROWS || length > SLICE_LENGTH || (id !== undefined && ids.has(id))) {
        yield slice;
        [slice, length] = [[], 0];
        ids.clear();
      }
      slice.push(row);
      ids.add(id);
      length += lengthOf(row);
    }
  } catch (error) {
    // What was read before a line that can't be.
    if (slice.length > 0) yield slice;
    throw error;
  }
  if (slice.length > 0) yield slice;
}

function lengthOf(row: ReadRow): number {
  if (row.problem !== undefined) return 0;
  let length = 0;
  for (const value of Object.values(row.values)) length += typeof value === "string" ? value.length : 16;
  return length;
}
