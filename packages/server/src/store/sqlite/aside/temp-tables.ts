import type { Query, Row } from "../../sql.ts";
import { StoreError } from "../../store.ts";
import { ReaderProcess } from "../reader-process.ts";

const CACHE_KIB = 8_000;
/** The parent's watch comes first; the alarm is for when it fails. */
const ALARM_GRACE_S = 5;

/** A process with tables of its own, which hide those of the same names. */
export interface TempTables {
  /** Runs a statement on the database, which is only read, or on its own tables. */
  run(text: string): Promise<void>;
  all(query: Query): Promise<readonly Row[]>;
}

/**
 * Runs the work with temporary tables in a process beside this one. They are in files, and gone afterwards.
 *
 * @param limitMs 0 is no limit
 * @throws StoreError `overrun` if it takes longer
 */
export async function withTempTables<T>(
  path: string,
  limitMs: number,
  work: (tables: TempTables) => Promise<T>,
): Promise<T> {
  const alarmSeconds = limitMs > 0 ? Math.ceil(limitMs / 1_000) + ALARM_GRACE_S : 0;
  const settings = { cacheKiB: CACHE_KIB, answerBytes: 0, sortsInFiles: true, alarmSeconds, writes: true };
  const process = ReaderProcess.start({ path, ...settings }, () => {});
  const overrun = (): void =>
    void process.kill(new StoreError("overrun", `the measurements took longer than ${limitMs / 1_000} s`));
  const timer = limitMs > 0 ? setTimeout(overrun, limitMs) : undefined;
  try {
    return await work({
      run: async (text) => void (await process.run({ text, values: [] })),
      all: (query) => process.all(query),
    });
  } finally {
    clearTimeout(timer);
    await process.kill(new StoreError("closed", "the measurements are over"));
  }
}
