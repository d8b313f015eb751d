import { startThread } from "../../lib/start-thread.ts";
import type { CheckpointReply, CheckpointRequest } from "./checkpoint-worker.ts";

/** Pages in the WAL before the worker moves them to the database file: 4 MiB, SQLite's default. */
const MIN_PASSIVE_PAGES = 1_000;
/** Pages at which writers wait for a full checkpoint, or a busy WAL would grow for ever: 64 MiB. */
const MIN_RESTART_PAGES = 16_000;
/** Pages at which the oldest query that keeps the WAL from starting over is cut: 256 MiB. */
const MAX_PAGES = 64_000;
/** How long after a full checkpoint that readers blocked the next one is tried, in milliseconds. */
const RETRY_MS = 2_000;

/** How soon after something was erased the WAL is emptied, and how often at most, in milliseconds. */
const SCRUB_DELAY_MS = 1_000;
const MIN_SCRUB_INTERVAL_MS = 30_000;

/** The size of the WAL, and how much of it is in the database file already, in pages. */
export interface WalState {
  readonly log: number;
  readonly checkpointed: number;
}

export interface CheckpointerOptions {
  readonly path: string;
  /** Runs the work while nobody writes. */
  readonly pauseWriter: (work: () => Promise<void>) => Promise<void>;
  readonly cutOldestQuery: () => void;
}

/**
 * Moves the WAL into the database file on a separate thread: the fsync of a checkpoint takes milliseconds to seconds, and
 * on the main thread it would stop every stream.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #pauseWriter: (work: () => Promise<void>) => Promise<void>;
  #worker: Worker | undefined;
  /** Answers the request in progress. */
  #reply: (outcome: CheckpointReply["outcome"]) => void = () => {};
  readonly #cutOldestQuery: () => void;
  #busy: Promise<void> | undefined;
  #nextRestart = 0;
  /** When the WAL is to be emptied; `undefined` if nothing in it was erased. */
  #scrubAt: number | undefined;
  #lastScrub = Number.NEGATIVE_INFINITY;

  constructor({ path, pauseWriter, cutOldestQuery }: CheckpointerOptions) {
    this.#path = path;
    this.#pauseWriter = pauseWriter;
    this.#cutOldestQuery = cutOldestQuery;
  }

  /** Starts a checkpoint if the WAL is long enough and none is running. Returns at once. */
  startIfNeeded({ log, checkpointed }: WalState): void {
    if (log - checkpointed >= MIN_PASSIVE_PAGES) this.#start(() => this.#checkpoint(log));
  }

  /** Old pages in the WAL still hold what was erased since: it is emptied soon. */
  scrub(): void {
    this.#scrubAt ??= Math.max(performance.now() + SCRUB_DELAY_MS, this.#lastScrub + MIN_SCRUB_INTERVAL_MS);
  }

  /** Empties the WAL if that is due. Returns at once. */
  scrubIfDue(): void {
    if (this.#scrubAt === undefined || performance.now() < this.#scrubAt) return;
    this.#start(async () => {
      this.#scrubAt = undefined;
      this.#lastScrub = performance.now();
      await this.#pauseWriter(async () => {
        if ((await this.#request("TRUNCATE")) !== "done") this.#scrubAt = performance.now() + RETRY_MS;
      });
    });
  }

  #start(work: () => Promise<void>): void {
    this.#busy ??= work().finally(() => {
      this.#busy = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#busy;
    this.#worker?.terminate();
  }

  async #checkpoint(log: number): Promise<void> {
    if (log < MIN_RESTART_PAGES || performance.now() < this.#nextRestart) {
      await this.#request("PASSIVE");
      return;
    }
    await this.#pauseWriter(async () => {
      if ((await this.#request("RESTART")) === "done") return;
      this.#nextRestart = performance.now() + RETRY_MS;
      if (log >= MAX_PAGES) this.#cutOldestQuery();
    });
  }

  #request(mode: CheckpointRequest["mode"]): Promise<CheckpointReply["outcome"]> {
    // Started when first needed: a small or short-lived database never pays for the thread.
    return new Promise((resolve) => {
      this.#reply = resolve;
      try {
        this.#worker ??= this.#startWorker();
        this.#worker.postMessage({ path: this.#path, mode } satisfies CheckpointRequest);
      } catch {
        resolve("failed");
      }
    });
  }

  #startWorker(): Worker {
    const worker = startThread(new URL("./checkpoint-worker.ts", import.meta.url));
    worker.unref();
    // Writers wait for its answer; the next request starts another.
    const fail = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#reply("failed");
    };
    worker.addEventListener("error", fail);
    worker.addEventListener("close", fail);
    worker.addEventListener("message", ({ data }: MessageEvent<CheckpointReply>) => this.#reply(data.outcome));
    return worker;
  }
}
