import type { Change } from "../log/change.ts";
import { readEntriesAfter } from "../log/change-log.ts";
import type { ReadPage } from "../log/tail.ts";
import type { Reader } from "../store/store.ts";

/** Reads a log whose entries are all plain: each is a change as it is. */
export const plainPages =
  (reader: Reader): ReadPage =>
  async (seq, limit, onBrokenRow) => {
    const entries = await readEntriesAfter(reader, seq, limit, onBrokenRow);
    return { changes: entries as unknown as Change[], isEnd: entries.length < limit };
  };
