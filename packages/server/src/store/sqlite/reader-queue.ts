import { type QueryOwner, StoreError } from "../store.ts";

/** What a query may cost by its plan. A reader is kept free of heavy ones. */
export type Weight = "light" | "heavy";

/** A place at a reader process. */
export interface Seat {
  /** `light` is kept for light queries. */
  readonly takes: Weight;
  busy: boolean;
}

export interface QueueOptions {
  /** How long one may wait, in milliseconds; 0 is for ever. */
  readonly limitMs: number;
  /** Heavy queries of one owner that run at the same time. */
  readonly heavyPerOwner: number;
}

/** How many queries may wait: of one owner and weight, and of all. So heavy queries keep out no light ones of the same address. */
const WAITING_PER_OWNER = 16;
const WAITING = 2_048;

interface Job<Place extends Seat> {
  readonly owner: QueryOwner;
  readonly weight: Weight;
  readonly start: (seat: Place) => void;
  readonly refuse: (error: StoreError) => void;
}

/** Gives free seats to those that wait, by turns among their owners. */
export class ReaderQueue<Place extends Seat> {
  readonly #seats: readonly Place[];
  readonly #options: QueueOptions;
  /** By owner; the owner whose turn it is comes first. */
  readonly #queues = new Map<string, Job<Place>[]>();
  /** Heavy queries that run, by owner. */
  readonly #heavy = new Map<string, number>();
  #waiting = 0;

  constructor(seats: readonly Place[], options: QueueOptions) {
    this.#seats = seats;
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves to a seat when it is the owner's turn; give it back with `release`. @throws StoreError if it never is */
  take(owner: QueryOwner, weight: Weight): Promise<Place> {
    const queue = this.#queues.get(owner.key) ?? [];
    if (queue.filter((job) => job.weight === weight).length >= WAITING_PER_OWNER)
      return Promise.reject(new StoreError("crowded", "too many queries of one owner wait"));
    if (this.#waiting >= WAITING) return Promise.reject(new StoreError("overloaded", "too many queries wait"));
    if (owner.signal?.aborted) return Promise.reject(abandoned());
    return new Promise<Place>((resolve, reject) => {
      const limitMs = Math.min(owner.limitMs ?? Infinity, this.#options.limitMs || Infinity);
      const leave = (error: StoreError): void => {
        queue.splice(queue.indexOf(job), 1);
        if (queue.length === 0) this.#queues.delete(owner.key);
        job.refuse(error);
      };
      const onAbort = (): void => leave(abandoned());
      const onTimeout = (): void => leave(new StoreError("overloaded", "no reader became free in time"));
      const timer = limitMs < Infinity ? setTimeout(onTimeout, limitMs) : undefined;
      const settle = (): void => {
        clearTimeout(timer);
        owner.signal?.removeEventListener("abort", onAbort);
        this.#waiting -= 1;
      };
      const job: Job<Place> = {
        owner,
        weight,
        start: (seat) => {
          settle();
          resolve(seat);
        },
        refuse: (error) => {
          settle();
          reject(error);
        },
      };
      owner.signal?.addEventListener("abort", onAbort, { once: true });
      queue.push(job);
      this.#queues.set(owner.key, queue);
      this.#waiting += 1;
      this.#startWaiting();
    });
  }

  release(seat: Place, { key }: QueryOwner, weight: Weight): void {
    seat.busy = false;
    if (weight === "heavy") {
      const left = (this.#heavy.get(key) ?? 1) - 1;
      if (left > 0) this.#heavy.set(key, left);
      else this.#heavy.delete(key);
    }
    this.#startWaiting();
  }

  refuseAll(error: StoreError): void {
    const jobs = [...this.#queues.values()].flat();
    this.#queues.clear();
    for (const job of jobs) job.refuse(error);
  }

  #startWaiting(): void {
    for (const seat of this.#seats) if (!seat.busy) this.#startOne(seat);
  }

  #startOne(seat: Place): void {
    for (const [key, queue] of this.#queues) {
      const index = queue.findIndex((job) => this.#mayStart(job, seat));
      if (index < 0) continue;
      const [job] = queue.splice(index, 1) as [Job<Place>];
      this.#queues.delete(key);
      // Its next turn comes after all others'.
      if (queue.length > 0) this.#queues.set(key, queue);
      seat.busy = true;
      if (job.weight === "heavy") this.#heavy.set(key, (this.#heavy.get(key) ?? 0) + 1);
      job.start(seat);
      return;
    }
  }

  #mayStart({ owner, weight }: Job<Place>, seat: Place): boolean {
    if (weight === "light") return true;
    return seat.takes === "heavy" && (this.#heavy.get(owner.key) ?? 0) < this.#options.heavyPerOwner;
  }
}

const abandoned = (): StoreError => new StoreError("abandoned", "the client left");
