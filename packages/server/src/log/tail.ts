import type { Reader } from "../store/store.ts";
import type { Change } from "./change.ts";
import { readAfter } from "./change-log.ts";

/** Is given each change once, in the order of the log. The next change waits until it is done with this one. */
export type Follower = (change: Change) => void | Promise<void>;

/** Changes read from the log at a time. */
const BATCH = 256;

/**
 * The one reader of the log that hands changes on. Each follower gets every change behind `head`, once, in order;
 * one follower's error is reported and keeps neither the others nor the next change from going on. So is a row of the
 * log that can't be read.
 */
export class LogTail {
  readonly #reader: Reader;
  readonly #followers: readonly Follower[];
  readonly #onError: (error: unknown, change: Change | undefined) => void;
  #seq: number;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  /** @param head the seq of the last change that needs no telling */
  constructor(
    reader: Reader,
    head: number,
    followers: readonly Follower[],
    onError: (error: unknown, change: Change | undefined) => void,
  ) {
    this.#reader = reader;
    this.#seq = head;
    this.#followers = followers;
    this.#onError = onError;
  }

  /** The seq of the newest change that all followers have been given. */
  get seq(): number {
    return this.#seq;
  }

  /** Says that there may be new changes. Cheap, and safe to call at any time, by anyone, as often as they like. */
  wake(): void {
    this.#again = true;
    if (!this.#running && !this.#stopped) this.#running = this.#run();
  }

  /** Hands on what is committed by now, then stops for good. */
  async stop(): Promise<void> {
    this.wake();
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#catchUp();
      }
    } catch (error) {
      this.#onError(error, undefined);
    } finally {
      this.#running = undefined;
    }
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      let broken = 0;
      const changes = await readAfter(this.#reader, this.#seq, BATCH, (row) => {
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
      // One that nothing follows is not read, and not reported, again.
      this.#seq = Math.max(this.#seq, broken);
      if (changes.length < BATCH) return;
      // Let sockets be served between batches of a bulk change.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
