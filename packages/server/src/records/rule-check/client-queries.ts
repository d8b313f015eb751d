import { LRUCache } from "lru-cache";
import { cpuMs } from "../../lib/scheduling/cpu-time.ts";
import type { Meter } from "../../lib/scheduling/meter.ts";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import { type ClientReader, type SnapshotReader, StoreError } from "../../store/store.ts";

/** How long an event waits for a query of a client that runs in a reader process, in milliseconds. */
const WAIT_MS = 60;
/** After which the query itself is cut. */
const LIMIT_MS = 1_000;
/**
 * How long a query that was too slow is not tried again, else it would delay every event: longer each time, since the first
 * time it may only have waited for a reader to start.
 */
const PAUSES_MS = [250, 1_000, 5_000] as const;
/** A query that has not been too slow for so long starts over. */
const FORGET_MS = 60_000;
const MAX_SLOW = 10_000;
/** How long the queries on this thread may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;

/**
 * Queries that clients put into their subscriptions: filters over relations, and `expand`. Those that are cheap run at
 * once; no other may hold up the events of others, nor those of the same client that need it not.
 */
export class ClientQueries {
  readonly #reader: ClientReader;
  readonly #slow = new LRUCache<string, { readonly times: number; readonly until: number }>({
    max: MAX_SLOW,
    ttl: FORGET_MS,
  });

  readonly #turns = new TurnShare(MAX_TURN_MS);
  /** Queries that wait for this thread: those with a meter, which live events wait for, come first. */
  readonly #waiting: Record<"metered" | "other", (() => void)[]> = { metered: [], other: [] };
  #isTaken = false;

  constructor(reader: ClientReader) {
    this.#reader = reader;
  }

  /**
   * @param name the same for all queries that cost the same
   * @param account whose query it is; "" for guests
   * @param meter whom its time on this thread is charged to
   * @throws StoreError `overrun` if it is too slow now, or was a moment ago, or if the meter is exhausted
   */
  async run<T>(name: string, account: string, work: (reader: SnapshotReader) => Promise<T>, meter?: Meter): Promise<T> {
    await this.#take(meter ? "metered" : "other");
    const startedAt = cpuMs();
    let isHere = true;
    const leave = (): void => {
      if (!isHere) return;
      isHere = false;
      meter?.charge(cpuMs() - startedAt);
      this.#release();
    };
    try {
      if (meter?.isExhausted()) throw new StoreError("overrun", "its clients have used up their time");
      return await this.#run(name, account, work, leave);
    } finally {
      leave();
    }
  }

  /** Resolves when no other query is on this thread: each starts when the one before is done, or in a reader. */
  async #take(kind: "metered" | "other"): Promise<void> {
    if (this.#isTaken) await new Promise<void>((resolve) => this.#waiting[kind].push(resolve));
    else this.#isTaken = true;
    await this.#turns.pause(performance.now());
  }

  #release(): void {
    const next = this.#waiting.metered.shift() ?? this.#waiting.other.shift();
    if (next) next();
    else this.#isTaken = false;
  }

  async #run<T>(
    name: string,
    account: string,
    work: (reader: SnapshotReader) => Promise<T>,
    leave: () => void,
  ): Promise<T> {
    const { times = 0, until = 0 } = this.#slow.get(name) ?? {};
    if (performance.now() < until) throw new StoreError("overrun", "the query was too slow a moment ago");
    const late = Promise.withResolvers<never>();
    let timer: Timer | undefined;
    // What is cheap enough for this thread is never too slow: a machine with much else to do would make it seem so.
    const onLeave = (): void => {
      leave();
      timer ??= setTimeout(() => {
        // Its result may be in what this turn of the loop has yet to read.
        setImmediate(() => {
          late.reject(new StoreError("overrun", "the query is too slow for events"));
        });
      }, WAIT_MS);
    };
    const running = work(this.#reader.for({ key: account || GUESTS, limitMs: LIMIT_MS, onLeave }));
    try {
      return await Promise.race([running, late.promise]);
    } catch (error) {
      running.catch(() => {});
      if (error instanceof StoreError && error.kind === "overrun") this.#pause(name, times);
      throw error;
    } finally {
      clearTimeout(timer);
      late.promise.catch(() => {});
    }
  }

  #pause(name: string, times: number): void {
    const until = performance.now() + PAUSES_MS[Math.min(times, PAUSES_MS.length - 1)]!;
    this.#slow.set(name, { times: times + 1, until });
  }
}

/** Guests share their turns at the readers: what they subscribe to has no address. */
const GUESTS = "guests";
