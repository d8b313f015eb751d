import type { Clock } from "../clock.ts";
import { promiseWithResolvers } from "../promise-with-resolvers.ts";
import { aborted, type HeadwaterError } from "../errors.ts";
import { type BatchOptions, batchesOf } from "./batches.ts";
import { BoundedQueue, type OverflowPolicy } from "./bounded-queue.ts";

export interface SubscriptionSetup<E> {
  readonly clock: Clock;
  readonly capacity: number;
  readonly onOverflow: OverflowPolicy;
  /** What stands in the queue for all that an overflow has dropped. */
  readonly overflowed: () => E;
  readonly overflowError: () => HeadwaterError;
  /** Ends it when it is aborted; the owner looks whether it is already. */
  readonly signal: AbortSignal | undefined;
  /** Called once, when it is over for whatever reason. Resolves when the server knows. */
  readonly onEnd: () => Promise<void>;
  /** Told what a callback throws. */
  readonly onCallbackError: (error: unknown) => void;
}

/**
 * Events on their way to one reader: read it with `for await`, in batches, or with a callback, and in one of these ways
 * only. It listens from the moment it is made, and until it is left, whichever way.
 */
export class Subscription<E> implements AsyncIterable<E> {
  /** Resolves when the server listens; rejects when it refuses, or the subscription ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it was left; rejects when it ended otherwise. For those who read it with a callback. */
  readonly closed: Promise<void>;
  readonly #setup: SubscriptionSetup<E>;
  readonly #queue: BoundedQueue<E>;
  readonly #ready = promiseWithResolvers();
  readonly #closed = promiseWithResolvers();
  #callback: ((event: E) => void) | undefined;
  #ended: Promise<void> | undefined;
  #dropped = 0;

  constructor(setup: SubscriptionSetup<E>) {
    this.#setup = setup;
    this.#queue = new BoundedQueue(setup.capacity);
    this.ready = this.#ready.promise;
    this.closed = this.#closed.promise;
    // Those who read events are told by them.
    this.ready.catch(() => undefined);
    this.closed.catch(() => undefined);
    setup.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Events that wait for the app. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Events that an overflow has dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Calls for each event, in order, from now on; those that wait come first. */
  forEach(callback: (event: E) => void): this {
    this.#callback = callback;
    for (const event of this.#queue.take(this.#queue.size)) this.#call(callback, event);
    return this;
  }

  batches(options: BatchOptions): AsyncIterable<readonly E[]> {
    const { clock } = this.#setup;
    return { [Symbol.asyncIterator]: () => this.#unsubscribeAfter(batchesOf(this.#queue, clock, options)) };
  }

  [Symbol.asyncIterator](): AsyncGenerator<E, void, void> {
    return this.#unsubscribeAfter(each(this.#queue));
  }

  /** Ends it, here and on the server. Resolves when the server knows; loops over it end without an error. */
  unsubscribe(): Promise<void> {
    this.#queue.clear();
    return this.#end();
  }

  /** For the owner: an event has come. */
  push(event: E): void {
    if (this.#ended) return;
    if (this.#callback) return this.#call(this.#callback, event);
    if (!this.#queue.push(event)) this.#overflow(event);
  }

  /** For the owner: the server listens. */
  confirm(): void {
    this.#ready.resolve();
  }

  /** For the owner: it is over, and not by the app's wish. What waits is still read. */
  fail(error: HeadwaterError): void {
    void this.#end(error);
  }

  readonly #onAbort = (): void => void this.unsubscribe();

  #end(error?: HeadwaterError): Promise<void> {
    if (this.#ended) return this.#ended;
    this.#setup.signal?.removeEventListener("abort", this.#onAbort);
    this.#queue.end(error);
    this.#ready.reject(error ?? aborted());
    if (error) this.#closed.reject(error);
    else this.#closed.resolve();
    return (this.#ended = this.#setup.onEnd());
  }

  #overflow(event: E): void {
    const { onOverflow, overflowed, overflowError } = this.#setup;
    switch (onOverflow) {
      case "resync":
        this.#dropped += this.#queue.size + 1;
        this.#queue.clear();
        this.#queue.push(overflowed());
        return;
      case "drop-oldest":
        this.#dropped += 1;
        this.#queue.shift();
        this.#queue.push(event);
        return;
      case "fail":
        return this.fail(overflowError());
    }
  }

  /** A callback that throws is the app's affair: it must not keep others from their events. */
  #call(callback: (event: E) => void, event: E): void {
    try {
      callback(event);
    } catch (error) {
      this.#setup.onCallbackError(error);
    }
  }

  /** Whoever leaves the loop leaves the subscription. */
  async *#unsubscribeAfter<T>(items: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
    try {
      yield* items;
    } finally {
      await this.unsubscribe();
    }
  }
}

async function* each<E>(queue: BoundedQueue<E>): AsyncGenerator<E, void, void> {
  while (await queue.ready(1)) yield queue.shift()!;
}
