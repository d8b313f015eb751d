import type { ThumbJob, ThumbReply } from "./thumb-messages.ts";
import { ThumbProcess } from "./thumb-process.ts";

export interface ThumbPoolOptions {
  /** Thumbnails that are made at once; 0 is no limit. */
  readonly processes: number;
  /** How long one may take, and wait for its turn, together, in milliseconds. */
  readonly limitMs: number;
}

/** How long a process waits for its next thumbnail, in milliseconds. */
const IDLE_MS = 30_000;

/** Processes that make thumbnails. They start when they are needed, and end when they are not. */
export class ThumbPool {
  readonly #options: ThumbPoolOptions;
  readonly #idle: { readonly process: ThumbProcess; readonly timer: Timer }[] = [];
  /** By owner; the owner whose turn it is comes first. */
  readonly #queues = new Map<string, Set<() => void>>();
  #busy = 0;
  #closed = false;

  constructor(options: ThumbPoolOptions) {
    this.#options = options;
  }

  get busy(): number {
    return this.#busy;
  }

  get waiting(): number {
    return this.#queues.values().reduce((sum, queue) => sum + queue.size, 0);
  }

  /** @param owner those that wait take turns by their owners */
  async make(job: ThumbJob, owner: string): Promise<ThumbReply> {
    const until = performance.now() + this.#options.limitMs;
    if (!(await this.#turn(owner)))
      return { kind: "failed", reason: "ended", message: "too many thumbnails are waiting" };
    let process: ThumbProcess | undefined;
    try {
      process = this.#take();
      return await process.make(job, until - performance.now());
    } finally {
      this.#busy -= 1;
      if (process) this.#release(process);
      this.#startNext();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#idle) clearTimeout(timer);
    await Promise.all(this.#idle.splice(0).map(({ process }) => process.kill()));
  }

  /** @returns false if it took too long */
  async #turn(owner: string): Promise<boolean> {
    const { processes, limitMs } = this.#options;
    const isFree = processes === 0 || this.#busy < processes;
    const mayStart = isFree || (await this.#wait(owner, limitMs));
    if (mayStart && isFree) this.#busy += 1;
    return mayStart;
  }

  #startNext(): void {
    const [first] = this.#queues;
    if (!first) return;
    const [owner, queue] = first;
    const [start] = queue;
    start?.();
    // Its next turn comes after all others'.
    if (this.#queues.delete(owner)) this.#queues.set(owner, queue);
  }

  #wait(owner: string, limitMs: number): Promise<boolean> {
    const queue = this.#queues.get(owner) ?? new Set();
    this.#queues.set(owner, queue);
    return new Promise((resolve) => {
      const end = (mayStart: boolean): void => {
        clearTimeout(timer);
        queue.delete(start);
        if (queue.size === 0) this.#queues.delete(owner);
        resolve(mayStart);
      };
      const start = (): void => {
        // Counted here: the place is taken before anybody else is asked.
        this.#busy += 1;
        end(true);
      };
      const timer = setTimeout(() => end(false), limitMs);
      queue.add(start);
    });
  }

  #take(): ThumbProcess {
    for (let seat = this.#idle.pop(); seat; seat = this.#idle.pop()) {
      clearTimeout(seat.timer);
      if (seat.process.isAlive) return seat.process;
    }
    return new ThumbProcess();
  }

  #release(process: ThumbProcess): void {
    if (!process.isAlive) return;
    if (this.#closed) return void process.kill();
    const seat = { process, timer: setTimeout(() => this.#end(seat), IDLE_MS) };
    seat.timer.unref();
    this.#idle.push(seat);
  }

  #end(seat: { readonly process: ThumbProcess }): void {
    const at = this.#idle.findIndex((idle) => idle === seat);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    void seat.process.kill();
  }
}
