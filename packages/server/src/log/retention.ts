import type { Retention } from "../config.ts";
import type { Reader, Store, Transaction } from "../store/store.ts";
import { LogSize } from "./log-size.ts";

/** Rows that one write removes: other writers wait no longer than that takes. */
const ROWS_PER_WRITE = 2_000;

/** The seqs up to which readers of the log have read it. */
export interface ReadPositions {
  /** Changes after this are never trimmed. */
  readonly always: number;
  /** Changes after this are trimmed only once there is more than the log may hold: a hook may hang for ever. */
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
  size = new LogSize(),
): Promise<TrimResult> {
  await size.update(store);
  const { allowed, forced } = await trimLimits(store, retention, now, size);
  const upTo = Math.min(allowed, positions.always, Math.max(positions.hooks, forced));
  let removed = 0;
  for (let last = ROWS_PER_WRITE; last === ROWS_PER_WRITE; removed += last) {
    last = await store.write((tx) => removeUpTo(tx, upTo));
  }
  return { removed, missed: removed > 0 && upTo > positions.hooks ? upTo : undefined };
}

/** The seqs up to which changes may be trimmed, and up to which there are more changes, or more bytes, than allowed. */
async function trimLimits(
  reader: Reader,
  { maxAgeMs, maxChanges, maxBytes }: Retention,
  now: Date,
  size: LogSize,
): Promise<{ readonly allowed: number; readonly forced: number }> {
  // The oldest change that is young enough: the search passes only rows that are about to be removed.
  const young = await reader.first({
    text: "SELECT seq FROM _changes WHERE time >= ? ORDER BY seq LIMIT 1",
    values: [now.getTime() - maxAgeMs],
  });
  const newest = await reader.first({ text: "SELECT max(seq) AS seq FROM _changes", values: [] });
  const last = Number(newest?.["seq"] ?? 0);
  const byAge = young ? Number(young["seq"]) - 1 : last;
  const forced = Math.max(last - maxChanges, maxBytes > 0 ? await size.excess(reader, maxBytes) : 0);
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
  readonly size: LogSize;
  /** Called with the seq of the newest change that was removed before hooks had read it. */
  readonly onMissed: (seq: number) => void;
  readonly onError: (error: unknown) => void;
}

/** How often the log is trimmed, in milliseconds: it may grow by megabytes in a second. */
const TRIM_INTERVAL_MS = 10_000;

/** Trims the log from time to time. @returns a function that stops it */
export function startRetention({ store, retention, positions, size, onMissed, onError }: RetentionOptions): () => void {
  let running = false;
  const trim = async (): Promise<void> => {
    if (running) return;
    running = true;
    const { missed } = await trimLog(store, retention, new Date(), positions(), size).finally(() => (running = false));
    if (missed !== undefined) onMissed(missed);
  };
  const timer = setInterval(() => void trim().catch(onError), TRIM_INTERVAL_MS);
  return () => clearInterval(timer);
}
