import type { CheckpointReply, CheckpointRequest } from "./checkpoint-worker.ts";

/** Pages that wait in the WAL before the worker moves them to the database file: 4 MiB, SQLite's own default. */
const PASSIVE_PAGES = 1_000;
/** Pages at which writers must wait for a full checkpoint, or a busy WAL would grow for ever: 64 MiB. */
const RESTART_PAGES = 16_000;

/** How far the WAL has grown and how much of it is in the database file already, in pages. */
export interface WalState {
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Moves the WAL into the database file on a thread of its own: the fsync of a checkpoint takes milliseconds to
 * seconds, and on the main thread every stream would stand still meanwhile.
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

  /** Starts a checkpoint if the WAL is long enough and none runs. Returns at once. */
  consider({ log, checkpointed }: WalState): void {
    if (this.#busy || log - checkpointed < PASSIVE_PAGES) return;
    this.#busy = this.#checkpoint(log).finally(() => {
      this.#busy = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#busy;
    this.#worker?.terminate();
  }

  async #checkpoint(log: number): Promise<void> {
    if (log < RESTART_PAGES) await this.#ask("PASSIVE");
    else await this.#pauseWriter(() => this.#ask("RESTART"));
  }

  #ask(mode: CheckpointRequest["mode"]): Promise<void> {
    // Started when first needed: a small or short-lived folder never pays for the thread.
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
