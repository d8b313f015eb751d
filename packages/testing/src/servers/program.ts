/** A program in a process of its own, as a person would start it. */
export class Program {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #printed: AsyncIterator<string>;
  #text = "";

  /** @param file a TypeScript file; @param env beside the environment of the tests */
  constructor(file: string, env: Readonly<Record<string, string>>) {
    this.#child = Bun.spawn([process.execPath, file], {
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#printed = this.#child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  }

  /** Waits until the program has printed it. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found) return found;
      const { value, done } = await this.#printed.next();
      if (done) throw new Error(`the program ended; it printed: ${this.#text}`);
      this.#text += value;
    }
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#child.kill(signal);
    await this.#child.exited;
  }
}
