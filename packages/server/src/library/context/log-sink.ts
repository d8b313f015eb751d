import { fstatSync, write, writeSync } from "node:fs";

/** Lines are written after this many characters or milliseconds: a write for each request would cost a third of it. */
const BATCH_SIZE = 8_192;
const BATCH_MS = 100;
/** How long lines wait for a disk that is full, and how many characters of them, before further ones are dropped. */
const RETRY_MS = 500;
const MAX_WAITING = 1 << 20;
/** A pipe that is full takes more soon. */
const FULL_PIPE_MS = 5;
/** A write that takes longer has a reader that reads nothing: the process doesn't wait for it at its end. */
const STALLED_MS = 1_000;
/** Nobody reads any more. */
const GONE: ReadonlySet<unknown> = new Set(["EPIPE", "EBADF", "ECONNRESET"]);

const isFile = (fd: number): boolean => {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
};

/**
 * Writes log lines to a file descriptor in batches. Bun's own sink writes nothing more after its first error, so that a log
 * would end when its disk is full once.
 */
export class LogSink {
  readonly #fd: number;
  /** A file takes a batch at once; a pipe may keep its writer waiting. */
  readonly #isFile: boolean;
  #lines: string[] = [];
  #size = 0;
  #dropped = 0;
  #timer: Timer | undefined;
  /** What remains of the batch that is being written. */
  #batch: Buffer | undefined;
  /** When the write in progress began. */
  #writingSince: number | undefined;
  #isGone = false;

  constructor(fd: number) {
    this.#fd = fd;
    this.#isFile = isFile(fd);
  }

  write(line: string): void {
    if (this.#isGone) return;
    if (this.#size > MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#size += line.length;
    if (!this.#batch) this.#schedule();
  }

  /** Writes what waits, as far as that is possible at once. For the end of the process. */
  flushSync(): void {
    const isStalled = this.#writingSince !== undefined && performance.now() - this.#writingSince > STALLED_MS;
    if (this.#isGone || isStalled) return;
    // A write in progress ends by itself.
    const batch = this.#writingSince === undefined ? this.#batch : undefined;
    let rest = Buffer.concat([batch ?? Buffer.alloc(0), this.#take()]);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest));
    } catch {
      // Nothing is left that could report it.
    }
  }

  #schedule(): void {
    if (this.#size >= BATCH_SIZE) this.#writeBatch();
    else if (this.#size > 0) this.#timer ??= setTimeout(() => this.#writeBatch(), BATCH_MS).unref();
  }

  #writeBatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#batch = this.#take();
    this.#continue();
  }

  #take(): Buffer {
    if (this.#dropped > 0) {
      const time = new Date().toISOString();
      const line = { level: "warn", time, lines: this.#dropped, msg: "log lines were lost: they could not be written" };
      this.#lines.push(`${JSON.stringify(line)}\n`);
    }
    const batch = Buffer.from(this.#lines.join(""));
    this.#lines = [];
    this.#size = 0;
    this.#dropped = 0;
    return batch;
  }

  #continue(): void {
    const batch = this.#batch!;
    if (this.#isFile) {
      try {
        this.#onWritten(batch, writeSync(this.#fd, batch));
      } catch (error) {
        this.#onError(error as NodeJS.ErrnoException);
      }
      return;
    }
    this.#writingSince = performance.now();
    write(this.#fd, batch, 0, batch.length, null, (error, written) => {
      this.#writingSince = undefined;
      if (error) this.#onError(error);
      else this.#onWritten(batch, written);
    });
  }

  #onWritten(batch: Buffer, written: number): void {
    if (written < batch.length) {
      this.#batch = batch.subarray(written);
      this.#continue();
    } else {
      this.#batch = undefined;
      this.#schedule();
    }
  }

  #onError({ code }: NodeJS.ErrnoException): void {
    if (GONE.has(code)) {
      this.#isGone = true;
      this.#lines = [];
      this.#batch = undefined;
    } else {
      setTimeout(() => this.#continue(), code === "EAGAIN" ? FULL_PIPE_MS : RETRY_MS).unref();
    }
  }
}
