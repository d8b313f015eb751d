/** How many may be connected; 0 is no limit. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts who is connected, and says who may still come. */
export class Admission {
  readonly #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Which limit keeps one more from this address out; `undefined`: none. */
  refusal(address: string): "total" | "address" | undefined {
    const { total, perAddress } = this.#limits;
    if (total > 0 && this.#total >= total) return "total";
    return perAddress > 0 && this.#of(address) >= perAddress ? "address" : undefined;
  }

  enter(address: string): void {
    this.#total += 1;
    this.#byAddress.set(address, this.#of(address) + 1);
  }

  /** Once for each `enter`. */
  leave(address: string): void {
    this.#total -= 1;
    const left = this.#of(address) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  #of(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }
}
