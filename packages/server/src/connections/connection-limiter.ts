import type { AddressGroups } from "./address-group.ts";

/** The most connections that may be open; 0 is no limit. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts open connections, in all and by address. */
export class ConnectionLimiter {
  readonly #limits: ConnectionLimits;
  readonly #groups: AddressGroups;
  readonly #byGroup = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits, groups: AddressGroups) {
    this.#limits = limits;
    this.#groups = groups;
  }

  /** How many connections are open. */
  get size(): number {
    return this.#total;
  }

  /** The limit that one more connection from this address would exceed, if any. */
  reachedLimit(address: string): "total" | "address" | undefined {
    const { total, perAddress } = this.#limits;
    if (total > 0 && this.#total >= total) return "total";
    const group = this.#groups.of(address);
    return perAddress > 0 && group !== undefined && this.#of(group) >= perAddress ? "address" : undefined;
  }

  add(address: string): void {
    this.#count(address, 1);
  }

  /** Call once for each `add`. */
  remove(address: string): void {
    this.#count(address, -1);
  }

  #count(address: string, change: 1 | -1): void {
    this.#total += change;
    const group = this.#groups.of(address);
    if (group === undefined) return;
    const now = this.#of(group) + change;
    if (now > 0) this.#byGroup.set(group, now);
    else this.#byGroup.delete(group);
  }

  #of(group: string): number {
    return this.#byGroup.get(group) ?? 0;
  }
}
