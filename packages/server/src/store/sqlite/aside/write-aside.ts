import { StoreError, type Transaction, type WriteBracket } from "../../store.ts";
import { ReaderProcess } from "../reader-process.ts";

/** Small, so that little is left for the commit to write. */
const CACHE_KIB = 2_000;
/** How often this thread looks for the commit, in milliseconds. */
const LOOK_MS = 1;

export interface AsideOptions {
  readonly path: string;
  readonly bracket: WriteBracket | undefined;
  /** Changes as soon as this thread can see a commit of another process. */
  readonly version: () => unknown;
  /** Called before the commit: from here on, reads of this thread must see what they saw so far. */
  readonly hold: () => void;
  /** Called after the commit, or without one; `applied` first if there was one. */
  readonly release: (applied: (() => void) | undefined) => void;
}

/**
 * Runs a transaction in a process of its own, so that this thread goes on while its statements run. Nobody here sees the new
 * tables before the callbacks have put the new schema in force. Call it while no other write runs.
 */
export async function writeAside<T>(options: AsideOptions, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const settings = { cacheKiB: CACHE_KIB, answerBytes: 0, sortsInFiles: false, alarmSeconds: 0, writes: true };
  const writer = ReaderProcess.start({ path: options.path, ...settings }, () => {});
  const callbacks: (() => void)[] = [];
  try {
    await writer.begin();
    if (options.bracket) await writer.run({ text: options.bracket.begin, values: [] });
    const value = await work({
      all: (statement) => writer.all(statement),
      first: (statement) => writer.first(statement),
      run: (statement) => writer.run(statement),
      afterCommit: (callback) => void callbacks.push(callback),
    });
    if (options.bracket) await writer.run({ text: options.bracket.end, values: [] });
    await writer.settle();
    await commit(writer, options, () => {
      for (const callback of callbacks) callback();
    });
    return value;
  } finally {
    await writer.kill(new StoreError("closed", "the transaction is over"));
  }
}

/** @throws StoreError if it was not committed */
async function commit(
  writer: ReaderProcess,
  { version, hold, release }: AsideOptions,
  applied: () => void,
): Promise<void> {
  hold();
  const before = version();
  const answer: { isHere: boolean; failure?: unknown } = { isHere: false };
  const answered = writer
    .commit()
    .catch((error: unknown) => (answer.failure = error))
    .finally(() => (answer.isHere = true));
  while (!answer.isHere && version() === before) await Promise.race([answered, Bun.sleep(LOOK_MS)]);
  // Committed is what can be seen, whatever became of the process.
  const isCommitted = version() !== before;
  release(isCommitted ? applied : undefined);
  await answered;
  if (!isCommitted) throw answer.failure ?? new StoreError("other", "the transaction was not committed");
}
