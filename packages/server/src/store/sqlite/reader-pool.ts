import { isCutQuery, type QueryOwner, type Reader, StoreError, type StoreErrorKind } from "../store.ts";
import { ReaderProcess } from "./reader-process.ts";
import { ReaderQueue, type Seat, type Weight } from "./reader-queue.ts";

export interface ReaderPoolOptions {
  /** Readers for queries of any weight; one more takes light ones only. */
  readonly readers: number;
  /** How long one read may take, in milliseconds; 0 is no limit, as for the next two. */
  readonly limitMs: number;
  /** Memory that one reader may hold: SQLite's own limit has no effect in Bun. */
  readonly memoryBytes: number;
  /** Rows that one statement may return. */
  readonly answerBytes: number;
}

/** What the readers did since the start, for metrics. */
export interface ReaderStatus {
  readonly busy: number;
  readonly waiting: number;
  readonly finished: number;
  /** By reason. */
  readonly cut: ReadonlyMap<StoreErrorKind, number>;
}

/** How often the memory of busy readers is read, in milliseconds. */
const WATCH_MS = 50;
/** The parent's watch comes first; the alarm is for when it fails. */
const ALARM_GRACE_S = 5;
const CACHE_KIB = 8_000;

interface ReaderSeat extends Seat {
  process: ReaderProcess | undefined;
  /** When its snapshot began; infinite if it has none. */
  since: number;
}

/**
 * Processes that read the database file beside this one. What takes long in them holds up nobody here, and ends with the
 * process when its time is over or its owner has left. A killed reader leaves nothing behind: it never writes, and the
 * system releases its locks.
 */
export class ReaderPool {
  readonly #path: string;
  readonly #options: ReaderPoolOptions;
  readonly #seats: readonly ReaderSeat[];
  readonly #queue: ReaderQueue<ReaderSeat>;
  readonly #cut = new Map<StoreErrorKind, number>();
  readonly #watchesMemory: boolean;
  #finished = 0;
  #closed = false;

  constructor(path: string, options: ReaderPoolOptions) {
    this.#path = path;
    this.#options = options;
    const { readers, limitMs } = options;
    const seat = (takes: Weight): ReaderSeat => ({ takes, busy: false, process: undefined, since: Infinity });
    this.#seats = [seat("light"), ...Array.from({ length: readers }, () => seat("heavy"))];
    // Nobody takes the last reader from the others.
    this.#queue = new ReaderQueue(this.#seats, { limitMs, heavyPerOwner: Math.max(1, readers - 1) });
    this.#watchesMemory = process.platform === "linux";
  }

  get status(): ReaderStatus {
    const busy = this.#seats.filter((seat) => seat.busy).length;
    return { busy, waiting: this.#queue.waiting, finished: this.#finished, cut: this.#cut };
  }

  get pids(): readonly number[] {
    return this.#seats.flatMap(({ process: reader }) => (reader?.isAlive ? [reader.pid] : []));
  }

  /** Runs the work on one snapshot in a reader. @throws StoreError if it is cut, or if nobody waits for it any more */
  async read<T>(asked: QueryOwner, weight: Weight, work: (reader: Reader) => Promise<T>): Promise<T> {
    // Read once: the address of a client that has left is no longer known.
    const { key, signal, limitMs } = asked;
    asked.onLeave?.();
    const owner: QueryOwner = { key, signal, ...(limitMs !== undefined && { limitMs }) };
    try {
      const seat = await this.#queue.take(owner, weight);
      try {
        const value = await this.#run(seat, owner, work);
        this.#finished += 1;
        return value;
      } finally {
        this.#queue.release(seat, owner, weight);
      }
    } catch (error) {
      if (isCutQuery(error)) this.#cut.set(error.kind, (this.#cut.get(error.kind) ?? 0) + 1);
      throw error;
    }
  }

  /** Cuts the read whose snapshot is the oldest, unless all are younger than that. */
  cutOldest(minAgeMs: number): void {
    const oldest = this.#seats.reduce((one, other) => (other.since < one.since ? other : one));
    if (performance.now() - oldest.since < minAgeMs) return;
    void oldest.process?.kill(new StoreError("overrun", "the query kept the log of the database from being emptied"));
  }

  /** Resolves when all processes are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = new StoreError("closed", "the database is closed");
    this.#queue.refuseAll(closed);
    await Promise.all(this.#seats.map(async (seat) => seat.process?.kill(closed)));
  }

  async #run<T>(seat: ReaderSeat, owner: QueryOwner, work: (reader: Reader) => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreError("closed", "the database is closed");
    if (owner.signal?.aborted) throw new StoreError("abandoned", "the client left");
    const reader = this.#processOf(seat);
    const onAbort = (): void => void reader.kill(new StoreError("abandoned", "the client left"));
    owner.signal?.addEventListener("abort", onAbort, { once: true });
    let stopWatching = (): void => {};
    try {
      await reader.begin();
      // The time that a process takes to start isn't the query's.
      stopWatching = this.#watch(reader, owner);
      seat.since = performance.now();
      return await work(reader);
    } finally {
      stopWatching();
      owner.signal?.removeEventListener("abort", onAbort);
      // It ends before anything else that the reader is asked for.
      reader.end().catch(() => {});
      seat.since = Infinity;
    }
  }

  /** Ends the process when the time or memory is used up. @returns a function that stops watching */
  #watch(reader: ReaderProcess, { limitMs = Infinity }: QueryOwner): () => void {
    const limit = Math.min(limitMs, this.#options.limitMs || Infinity);
    const overrun = (message: string): void => void reader.kill(new StoreError("overrun", message));
    const timer =
      limit < Infinity ? setTimeout(() => overrun(`the query took longer than ${limit / 1_000} s`), limit) : undefined;
    const { memoryBytes } = this.#options;
    const checkMemory = (): void => {
      if ((reader.memoryBytes ?? 0) > memoryBytes) overrun("the query took too much memory");
    };
    const watch = memoryBytes > 0 && this.#watchesMemory ? setInterval(checkMemory, WATCH_MS) : undefined;
    return () => {
      clearTimeout(timer);
      clearInterval(watch);
    };
  }

  #processOf(seat: ReaderSeat): ReaderProcess {
    if (seat.process?.isAlive) return seat.process;
    const { limitMs, answerBytes } = this.#options;
    const reader = ReaderProcess.start(
      {
        path: this.#path,
        cacheKiB: CACHE_KIB,
        answerBytes,
        sortsInFiles: !this.#watchesMemory,
        alarmSeconds: limitMs > 0 ? Math.ceil(limitMs / 1_000) + ALARM_GRACE_S : 0,
      },
      () => {
        if (seat.process === reader) seat.process = undefined;
      },
    );
    seat.process = reader;
    return reader;
  }
}
