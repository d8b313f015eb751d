import type { ThumbJob, ThumbReply } from "./thumb-messages.ts";
import { ThumbProcess } from "./thumb-process.ts";

export interface ThumbPoolOptions {
  /** Thumbnails that are made at once; 0 is no limit. */
  readonly processes: number;
  /** How long one may take, and how long it may wait for its turn, in milliseconds. */
  readonly limitMs: number;
}

/** How long a process waits for its next thumbnail, in milliseconds. */
const IDLE_MS = 30_000;

/** Processes that make thumbnails. They start when they are needed, and end when they are not. */
export class ThumbPool {
  readonly #options: ThumbPoolOptions;
  readonly #idle: { readonly process: ThumbProcess; readonly timer: Timer }[] = [];
  readonly #queue = new Set<() => void>();
  #busy = 0;
  #closed = false;

  constructor(options: ThumbPoolOptions) {
    this.#options = options;
  }

  get busy(): number {
    return this.#busy;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  async make(job: ThumbJob): Promise<ThumbReply> {
    if (!(await this.#turn())) return { kind: "failed", reason: "ended", message: "too many thumbnails are waiting" };
    let process: ThumbProcess | undefined;
    try {
      process = this.#take();
      return await process.make(job, this.#options.limitMs);
    } finally {
      this.#busy -= 1;
      if (process) this.#release(process);
      const [next] = this.#queue;
      next?.();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#idle) clearTimeout(timer);
    await Promise.all(this.#idle.splice(0).map(({ process }) => process.kill()));
  }

  /** @returns false if it took too long */
  async #turn(): Promise<boolean> {
    const { processes, limitMs } = this.#options;
    const isFree = processes === 0 || this.#busy < processes;
    const mayStart = isFree || (await this.#wait(limitMs));
    if (mayStart && isFree) this.#busy += 1;
    return mayStart;
  }

  #wait(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (mayStart: boolean): void => {
        clearTimeout(timer);
        this.#queue.delete(start);
        resolve(mayStart);
      };
      const start = (): void => {
        // Counted here: the place is taken before anybody else is asked.
        this.#busy += 1;
        end(true);
      };
      const timer = setTimeout(() => end(false), limitMs);
      this.#queue.add(start);
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
