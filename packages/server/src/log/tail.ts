import type { Change } from "./change.ts";
import type { OnBrokenRow } from "./change-log.ts";

/** Some changes of the log in order. */
export interface LogPage {
  readonly changes: readonly Change[];
  /** There are no more, for now. */
  readonly isEnd: boolean;
}

/** Reads the changes after `seq`, at most `limit` of them. */
export type ReadPage = (seq: number, limit: number, onBrokenRow: OnBrokenRow) => Promise<LogPage>;

/** Called with each change once, in the order of the log; the next change waits for it. */
export type Follower = (change: Change) => void | Promise<void>;

/** Changes that one read of the log returns. */
const CHANGES_PER_READ = 256;
/** Milliseconds after which a failed read is tried again. */
const RETRY_MS = 500;

/**
 * Reads the log and hands each change after `head` to every follower, once and in order. A follower that throws is
 * reported and holds up neither the others nor the next change; neither does a row of the log that can't be read.
 */
export class LogTail {
  readonly #read: ReadPage;
  readonly #followers: readonly Follower[];
  readonly #onError: (error: unknown, change: Change | undefined) => void;
  #seq: number;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  /** @param head the seq of the last change that followers need not get */
  constructor(
    read: ReadPage,
    head: number,
    followers: readonly Follower[],
    onError: (error: unknown, change: Change | undefined) => void,
  ) {
    this.#read = read;
    this.#seq = head;
    this.#followers = followers;
    this.#onError = onError;
  }

  /** The seq of the newest change that all followers got. */
  get seq(): number {
    return this.#seq;
  }

  /** Says that there may be new changes. Cheap, and safe to call at any time and any number of times. */
  wake(): void {
    this.#again = true;
    if (!this.#running && !this.#stopped) this.#running = this.#run();
  }

  /** Hands on what is committed by now, then stops. */
  async stop(): Promise<void> {
    this.wake();
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#handOnAll();
      }
    } catch (error) {
      this.#onError(error, undefined);
      // What failed may pass, and there may be no further commit that would wake it.
      setTimeout(() => this.wake(), RETRY_MS).unref();
    } finally {
      this.#running = undefined;
    }
  }

  async #handOnAll(): Promise<void> {
    for (;;) {
      let broken = 0;
      const { changes, isEnd } = await this.#read(this.#seq, CHANGES_PER_READ, (row) => {
        broken = row.seq;
        this.#onError(row, undefined);
      });
      for (const change of changes) {
        for (const follow of this.#followers) {
          try {
            await follow(change);
          } catch (error) {
            this.#onError(error, change);
          }
        }
        this.#seq = change.seq;
      }
      // A broken row at the end must not be read, and reported, again.
      this.#seq = Math.max(this.#seq, broken);
      if (isEnd) return;
      // Sockets are served between the reads of a bulk change.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
