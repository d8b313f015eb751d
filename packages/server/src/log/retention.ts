import type { Retention } from "../config.ts";
import type { Reader, Store, Transaction } from "../store/store.ts";

/** Rows that one write removes: other writers wait for no more than these. */
const BATCH = 2_000;

/**
 * Trims the log from its beginning, some rows a write.
 *
 * @param followed the seq up to which all who follow the log have read it: what they have not stays
 * @returns how many changes went
 */
export async function trimLog(store: Store, retention: Retention, now: Date, followed = Infinity): Promise<number> {
  const floor = Math.min(await floorOf(store, retention, now), followed);
  let removed = 0;
  for (let last = BATCH; last === BATCH; removed += last) {
    last = await store.write((tx) => removeUpTo(tx, floor));
  }
  return removed;
}

/** The newest change that may go. */
async function floorOf(reader: Reader, { maxAgeMs, maxChanges }: Retention, now: Date): Promise<number> {
  // The oldest that is young enough: the rows before it are the ones that go, so the search is as long as the work.
  const young = await reader.first({
    text: "SELECT seq FROM _changes WHERE time >= ? ORDER BY seq LIMIT 1",
    values: [now.getTime() - maxAgeMs],
  });
  const newest = await reader.first({ text: "SELECT max(seq) AS seq FROM _changes", values: [] });
  const last = Number(newest?.["seq"] ?? 0);
  const byAge = young ? Number(young["seq"]) - 1 : last;
  return Math.max(byAge, last - maxChanges);
}

const removeUpTo = (tx: Transaction, floor: number): Promise<number> =>
  tx.run({
    text: "DELETE FROM _changes WHERE seq IN (SELECT seq FROM _changes WHERE seq <= ? ORDER BY seq LIMIT ?)",
    values: [floor, BATCH],
  });

/**
 * Trims once a minute.
 *
 * @param followed see `trimLog`
 * @returns a function that stops it
 */
export function startRetention(
  store: Store,
  retention: Retention,
  followed: () => number,
  onError: (error: unknown) => void,
): () => void {
  const trim = (): void => void trimLog(store, retention, new Date(), followed()).catch(onError);
  const timer = setInterval(trim, 60_000);
  return () => clearInterval(timer);
}
