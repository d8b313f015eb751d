import type { CheckpointReply, CheckpointRequest } from "./checkpoint-worker.ts";

/** Pages in the WAL before the worker moves them to the database file: 4 MiB, SQLite's default. */
const MIN_PASSIVE_PAGES = 1_000;
/** Pages at which writers wait for a full checkpoint, or a busy WAL would grow for ever: 64 MiB. */
const MIN_RESTART_PAGES = 16_000;

/** The size of the WAL, and how much of it is in the database file already, in pages. */
export interface WalState {
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Moves the WAL into the database file on a separate thread: the fsync of a checkpoint takes milliseconds to seconds, and
 * on the main thread it would stop every stream.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #pauseWriter: (work: () => Promise<void>) => Promise<void>;
  #worker: Worker | undefined;
  #busy: Promise<void> | undefined;

  constructor(path: string, pauseWriter: (work: () => Promise<void>) => Promise<void>) {
    this.#path = path;
    this.#pauseWriter = pauseWriter;
  }

  /** Starts a checkpoint if the WAL is long enough and none is running. Returns at once. */
  startIfNeeded({ log, checkpointed }: WalState): void {
    if (this.#busy || log - checkpointed < MIN_PASSIVE_PAGES) return;
    this.#busy = this.#checkpoint(log).finally(() => {
      this.#busy = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#busy;
    this.#worker?.terminate();
  }

  async #checkpoint(log: number): Promise<void> {
    if (log < MIN_RESTART_PAGES) await this.#request("PASSIVE");
    else await this.#pauseWriter(() => this.#request("RESTART"));
  }

  #request(mode: CheckpointRequest["mode"]): Promise<void> {
    // Started when first needed: a small or short-lived database never pays for the thread.
    const worker = (this.#worker ??= new Worker(new URL("./checkpoint-worker.ts", import.meta.url)));
    worker.unref();
    return new Promise((resolve) => {
      const replied = (): void => resolve();
      worker.addEventListener("message", replied satisfies (reply: MessageEvent<CheckpointReply>) => void, {
        once: true,
      });
      worker.postMessage({ path: this.#path, mode } satisfies CheckpointRequest);
    });
  }
}
