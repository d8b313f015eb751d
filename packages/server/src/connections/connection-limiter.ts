/** The most connections that may be open; 0 is no limit. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts open connections, in all and by address. */
export class ConnectionLimiter {
  readonly #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** How many connections are open. */
  get size(): number {
    return this.#total;
  }

  /** The limit that one more connection from this address would exceed, if any. */
  reachedLimit(address: string): "total" | "address" | undefined {
    const { total, perAddress } = this.#limits;
    if (total > 0 && this.#total >= total) return "total";
    return perAddress > 0 && this.#of(address) >= perAddress ? "address" : undefined;
  }

  add(address: string): void {
    this.#total += 1;
    this.#byAddress.set(address, this.#of(address) + 1);
  }

  /** Call once for each `add`. */
  remove(address: string): void {
    this.#total -= 1;
    const left = this.#of(address) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  #of(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }
}
