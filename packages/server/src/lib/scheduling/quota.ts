/** How much may be held at once; 0 is no limit. */
export interface QuotaLimits {
  readonly total: number;
  /** By all holders that have a key in common. */
  readonly perKey: number;
  /** What each holder may have in any case. It does not count. */
  readonly free: number;
}

interface Holding {
  readonly amount: number;
  readonly keys: readonly string[];
}

const NOTHING: Holding = { amount: 0, keys: [] };

/** Counts what holders have of something limited: in all, and by keys such as an address or an account. */
export class Quota<Holder> {
  readonly #limits: QuotaLimits;
  readonly #held = new Map<Holder, Holding>();
  readonly #byKey = new Map<string, number>();
  #total = 0;

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  /** What all holders have together, without what is free. */
  get total(): number {
    return this.#total;
  }

  /**
   * Sets what a holder has. It may always have less than before.
   *
   * @returns the limit that this would exceed, in which case nothing changes
   */
  set(holder: Holder, wanted: number, keys: readonly string[]): "total" | "key" | undefined {
    const exceeded = this.exceeded(holder, wanted, keys);
    if (exceeded) return exceeded;
    this.release(holder);
    const amount = Math.max(0, wanted - this.#limits.free);
    if (amount === 0) return undefined;
    this.#held.set(holder, { amount, keys });
    this.#add(amount, keys);
    return undefined;
  }

  /** The limit that `set` would exceed, if any. */
  exceeded(holder: Holder, wanted: number, keys: readonly string[]): "total" | "key" | undefined {
    const before = this.#held.get(holder) ?? NOTHING;
    const amount = Math.max(0, wanted - this.#limits.free);
    if (amount <= before.amount) return undefined;
    const { total, perKey } = this.#limits;
    if (total > 0 && this.#total - before.amount + amount > total) return "total";
    const usedBy = (key: string): number => this.#of(key) - (before.keys.includes(key) ? before.amount : 0);
    return perKey > 0 && keys.some((key) => usedBy(key) + amount > perKey) ? "key" : undefined;
  }

  release(holder: Holder): void {
    const held = this.#held.get(holder);
    if (!held || !this.#held.delete(holder)) return;
    this.#add(-held.amount, held.keys);
  }

  #add(amount: number, keys: readonly string[]): void {
    this.#total += amount;
    for (const key of keys) {
      const left = this.#of(key) + amount;
      if (left > 0) this.#byKey.set(key, left);
      else this.#byKey.delete(key);
    }
  }

  #of(key: string): number {
    return this.#byKey.get(key) ?? 0;
  }
}
