/** Says on standard error how far a command is: once a second on a terminal, otherwise now and then. */
export class Progress {
  readonly #what: string;
  readonly #startedAt = performance.now();
  #shownAt = 0;
  #shown = 0;

  constructor(what: string) {
    this.#what = what;
  }

  set(count: number): void {
    const now = performance.now();
    const { isTTY } = process.stderr;
    if (isTTY ? now - this.#shownAt < 1_000 : count - this.#shown < LINE_EVERY) return;
    this.#shownAt = now;
    this.#shown = count;
    const rate = Math.round(count / ((now - this.#startedAt) / 1_000));
    const text = `${count} ${this.#what}, ${rate} a second`;
    process.stderr.write(isTTY ? `\r\u{1b}[K${text}` : `${text}\n`);
  }

  end(): void {
    if (process.stderr.isTTY && this.#shown > 0) process.stderr.write("\r\u{1b}[K");
  }
}

const LINE_EVERY = 10_000;
