import type { Transaction } from "../../store/store.ts";

/** The batch took too long, or its client left. Nothing of it was written. */
export class BatchStopped extends Error {
  override readonly name = "BatchStopped";

  constructor(readonly reason: "late" | "abandoned") {
    super(reason === "late" ? "The batch took too long." : "The client has left.");
  }
}

/** How long a batch may work. While it waits for other writers, the clock stands still. */
export class BatchClock {
  readonly #limitMs: number;
  readonly #signal: AbortSignal;
  #until: number;

  constructor(limitMs: number, signal: AbortSignal) {
    this.#limitMs = limitMs;
    this.#signal = signal;
    this.#until = performance.now() + limitMs;
  }

  /** Waits for something that is not the batch's own work. `proceed` is called when it is over. */
  async exclude<T>(wait: (proceed: () => void) => Promise<T>): Promise<T> {
    const left = Math.min(this.#limitMs, this.#until - performance.now());
    return wait(() => (this.#until = performance.now() + left));
  }

  /** @throws BatchStopped */
  check(): void {
    if (this.#signal.aborted) throw new BatchStopped("abandoned");
    if (performance.now() > this.#until) throw new BatchStopped("late");
  }

  /** A transaction whose statements stop in time. */
  bound(tx: Transaction): Transaction {
    const inTime = async <T>(run: () => Promise<T>): Promise<T> => {
      this.check();
      return run();
    };
    return {
      all: (statement) => inTime(() => tx.all(statement)),
      first: (statement) => inTime(() => tx.first(statement)),
      run: (statement) => inTime(() => tx.run(statement)),
      afterCommit: (callback) => tx.afterCommit(callback),
    };
  }
}
