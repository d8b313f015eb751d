/** A program in its own process. */
export class Program {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #printed: AsyncIterator<string>;
  #text = "";

  /**
   * @param file a TypeScript file for Bun, or a whole command
   * @param env variables to add to the current environment
   */
  constructor(file: string | readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = Bun.spawn(typeof file === "string" ? [process.execPath, file] : [...file], {
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#printed = this.#child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  }

  /** Waits until the output matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found) return found;
      const { value, done } = await this.#printed.next();
      if (done) throw new Error(`the program exited before its output matched ${pattern}: ${this.#text}`);
      this.#text += value;
    }
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#child.kill(signal);
    await this.#child.exited;
  }
}
