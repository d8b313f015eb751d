import type { Retention } from "../config.ts";
import type { Reader, Store, Transaction } from "../store/store.ts";

/** Rows that one write removes: other writers wait for no more than these. */
const BATCH = 2_000;

/** Up to which seq those who follow the log have read it. */
export interface Followed {
  /** What these have not read stays. */
  readonly always: number;
  /** What the application's hooks have not read stays as long as it is among the newest `maxChanges`: one may hang. */
  readonly hooks: number;
}

const NOBODY: Followed = { always: Infinity, hooks: Infinity };

/** What a trim took. */
export interface Trimmed {
  /** How many changes went. */
  readonly removed: number;
  /** The newest of them that hooks had not read; `undefined` if they had read them all. */
  readonly missed: number | undefined;
}

/** Trims the log from its beginning, some rows a write. */
export async function trimLog(store: Store, retention: Retention, now: Date, followed = NOBODY): Promise<Trimmed> {
  const { allowed, forced } = await floorsOf(store, retention, now);
  const floor = Math.min(allowed, followed.always, Math.max(followed.hooks, forced));
  let removed = 0;
  for (let last = BATCH; last === BATCH; removed += last) {
    last = await store.write((tx) => removeUpTo(tx, floor));
  }
  return { removed, missed: removed > 0 && floor > followed.hooks ? floor : undefined };
}

/** The newest change that may go, and the newest that is one too many. */
async function floorsOf(
  reader: Reader,
  { maxAgeMs, maxChanges }: Retention,
  now: Date,
): Promise<{ readonly allowed: number; readonly forced: number }> {
  // The oldest that is young enough: the rows before it are the ones that go, so the search is as long as the work.
  const young = await reader.first({
    text: "SELECT seq FROM _changes WHERE time >= ? ORDER BY seq LIMIT 1",
    values: [now.getTime() - maxAgeMs],
  });
  const newest = await reader.first({ text: "SELECT max(seq) AS seq FROM _changes", values: [] });
  const last = Number(newest?.["seq"] ?? 0);
  const byAge = young ? Number(young["seq"]) - 1 : last;
  const forced = last - maxChanges;
  return { allowed: Math.max(byAge, forced), forced };
}

const removeUpTo = (tx: Transaction, floor: number): Promise<number> =>
  tx.run({
    text: "DELETE FROM _changes WHERE seq IN (SELECT seq FROM _changes WHERE seq <= ? ORDER BY seq LIMIT ?)",
    values: [floor, BATCH],
  });

/**
 * Trims once a minute.
 *
 * @param onMissed told of the newest change that went before hooks had read it
 * @returns a function that stops it
 */
export function startRetention(
  store: Store,
  retention: Retention,
  followed: () => Followed,
  onMissed: (seq: number) => void,
  onError: (error: unknown) => void,
): () => void {
  const trim = async (): Promise<void> => {
    const { missed } = await trimLog(store, retention, new Date(), followed());
    if (missed !== undefined) onMissed(missed);
  };
  const timer = setInterval(() => void trim().catch(onError), 60_000);
  return () => clearInterval(timer);
}
