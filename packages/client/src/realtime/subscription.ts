import type { Clock } from "../clock.ts";
import { promiseWithResolvers } from "../promise-with-resolvers.ts";
import { aborted, type HeadwaterError } from "../errors.ts";
import { type BatchOptions, batchesOf } from "./batches.ts";
import { BoundedQueue, type OverflowPolicy } from "./bounded-queue.ts";

export interface SubscriptionSetup<E> {
  readonly clock: Clock;
  readonly capacity: number;
  readonly onOverflow: OverflowPolicy;
  /** Creates the event that replaces those dropped by an overflow. */
  readonly overflowed: () => E;
  readonly overflowError: () => HeadwaterError;
  /** Ends the subscription when aborted. The owner checks whether it is aborted already. */
  readonly signal: AbortSignal | undefined;
  /** Called once, when the subscription ends for any reason. Resolves when the server has removed it. */
  readonly onEnd: () => Promise<void>;
  /** What the client retries after while the server has not accepted the subscription. */
  readonly waitingFor: () => HeadwaterError | undefined;
  /** Called with errors thrown by the app's callback. */
  readonly onCallbackError: (error: unknown) => void;
}

/**
 * The events of one subscription, for one reader: with `for await`, in batches or with a callback, but only one of
 * them. Events are queued from the start, until the subscription ends.
 */
export class Subscription<E> implements AsyncIterable<E> {
  /**
   * Resolves when the server has accepted the subscription. Rejects if it doesn't, or if the subscription ends before.
   * Until then, `waitingFor` says why it waits.
   */
  readonly ready: Promise<void>;
  /** Resolves when the app ends the subscription, rejects when it ends with an error. For readers with a callback. */
  readonly closed: Promise<void>;
  readonly #setup: SubscriptionSetup<E>;
  readonly #queue: BoundedQueue<E>;
  readonly #ready = promiseWithResolvers();
  readonly #closed = promiseWithResolvers();
  #callback: ((event: E) => void) | undefined;
  #ended: Promise<void> | undefined;
  #dropped = 0;
  #isConfirmed = false;

  constructor(setup: SubscriptionSetup<E>) {
    this.#setup = setup;
    this.#queue = new BoundedQueue(setup.capacity);
    this.ready = this.#ready.promise;
    this.closed = this.#closed.promise;
    // Readers of the events get the error too, so that these promises may be ignored.
    this.ready.catch(() => undefined);
    this.closed.catch(() => undefined);
    setup.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Number of events queued for the app. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Number of events dropped by overflows. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why `ready` is pending: the last failure, after which the client retries. `undefined` if nothing has failed. */
  get waitingFor(): HeadwaterError | undefined {
    return this.#isConfirmed || this.ended ? undefined : this.#setup.waitingFor();
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Calls the callback for each event, in order, starting with the queued ones. */
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

  /** Ends the subscription. Resolves when the server has removed it. Loops over it end without an error. */
  unsubscribe(): Promise<void> {
    this.#queue.clear();
    return this.#end();
  }

  /** For the owner: delivers an event. */
  push(event: E): void {
    if (this.#ended) return;
    if (this.#callback) return this.#call(this.#callback, event);
    if (!this.#queue.push(event)) this.#overflow(event);
  }

  /** For the owner: the server has accepted the subscription. */
  confirm(): void {
    this.#isConfirmed = true;
    this.#ready.resolve();
  }

  /** For the owner: ends the subscription with an error, after the queued events. */
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

  /** Catches errors, because a callback must not keep other subscriptions from their events. */
  #call(callback: (event: E) => void, event: E): void {
    try {
      callback(event);
    } catch (error) {
      this.#setup.onCallbackError(error);
    }
  }

  /** Leaving the loop ends the subscription. */
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
