interface Runs<T> {
  running: Promise<unknown>;
  waiting: Promise<T> | undefined;
}

/**
 * Runs a job for each key, one run of a key after another. Calls that come before a run starts share it: however many there
 * are, at most one run of a key is under way and one waits.
 */
export class SharedRuns<T> {
  readonly #job: (key: string) => Promise<T>;
  readonly #runs = new Map<string, Runs<T>>();

  constructor(job: (key: string) => Promise<T>) {
    this.#job = job;
  }

  /** @returns the result of a run that starts after this call, or with it */
  run(key: string): Promise<T> {
    const runs = this.#runs.get(key);
    if (!runs) return this.#start(key);
    runs.waiting ??= runs.running.then(
      () => this.#start(key),
      () => this.#start(key),
    );
    return runs.waiting;
  }

  /** The number of keys that are run now. */
  get size(): number {
    return this.#runs.size;
  }

  #start(key: string): Promise<T> {
    const running = this.#job(key);
    const runs: Runs<T> = { running, waiting: undefined };
    this.#runs.set(key, runs);
    const ended = (): void => {
      if (!runs.waiting) this.#runs.delete(key);
    };
    running.then(ended, ended);
    return running;
  }
}
