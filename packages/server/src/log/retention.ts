import type { Retention } from "../config.ts";
import type { Reader, Store, Transaction } from "../store/store.ts";

/** Rows that one write removes: other writers wait no longer than that takes. */
const ROWS_PER_WRITE = 2_000;

/** The seqs up to which readers of the log have read it. */
export interface ReadPositions {
  /** Changes after this are never trimmed. */
  readonly always: number;
  /** Changes after this are trimmed only once there are more than `maxChanges`: a hook may hang for ever. */
  readonly hooks: number;
}

const NO_READERS: ReadPositions = { always: Infinity, hooks: Infinity };

export interface TrimResult {
  /** Number of changes removed. */
  readonly removed: number;
  /** The seq of the newest removed change that hooks had not read; `undefined` if they had read all of them. */
  readonly missed: number | undefined;
}

/** Removes the oldest changes, some rows at a time. */
export async function trimLog(
  store: Store,
  retention: Retention,
  now: Date,
  positions = NO_READERS,
): Promise<TrimResult> {
  const { allowed, forced } = await trimLimits(store, retention, now);
  const upTo = Math.min(allowed, positions.always, Math.max(positions.hooks, forced));
  let removed = 0;
  for (let last = ROWS_PER_WRITE; last === ROWS_PER_WRITE; removed += last) {
    last = await store.write((tx) => removeUpTo(tx, upTo));
  }
  return { removed, missed: removed > 0 && upTo > positions.hooks ? upTo : undefined };
}

/** The seqs up to which changes may be trimmed, and up to which there are more than `maxChanges`. */
async function trimLimits(
  reader: Reader,
  { maxAgeMs, maxChanges }: Retention,
  now: Date,
): Promise<{ readonly allowed: number; readonly forced: number }> {
  // The oldest change that is young enough: the search passes only rows that are about to be removed.
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

const removeUpTo = (tx: Transaction, seq: number): Promise<number> =>
  tx.run({
    text: "DELETE FROM _changes WHERE seq IN (SELECT seq FROM _changes WHERE seq <= ? ORDER BY seq LIMIT ?)",
    values: [seq, ROWS_PER_WRITE],
  });

export interface RetentionOptions {
  readonly store: Store;
  readonly retention: Retention;
  readonly positions: () => ReadPositions;
  /** Called with the seq of the newest change that was removed before hooks had read it. */
  readonly onMissed: (seq: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Trims the log once a minute. @returns a function that stops it */
export function startRetention({ store, retention, positions, onMissed, onError }: RetentionOptions): () => void {
  const trim = async (): Promise<void> => {
    const { missed } = await trimLog(store, retention, new Date(), positions());
    if (missed !== undefined) onMissed(missed);
  };
  const timer = setInterval(() => void trim().catch(onError), 60_000);
  return () => clearInterval(timer);
}
