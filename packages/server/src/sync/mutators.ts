import type { Principal } from "../rules/principal.ts";
import type { Transaction } from "../store/store.ts";

/** One call of a named mutator. */
export interface MutatorCall {
  readonly name: string;
  readonly args: unknown;
  readonly principal: Principal;
  /** The mutator may await nothing but this. */
  readonly tx: Transaction;
}

/** The application's code for a mutation. Either all of its writes are committed, or none. */
export type Mutator = (call: MutatorCall) => void | Promise<void>;

/** Mutators that are registered and removed together. */
export class MutatorSet {
  readonly #mutators = new Map<string, Mutator>();

  add(name: string, mutator: Mutator): void {
    this.#mutators.set(name, mutator);
  }

  find(name: string): Mutator | undefined {
    return this.#mutators.get(name);
  }
}

/** The mutators of all sets in use. */
export class Mutators {
  #sets: readonly MutatorSet[] = [];

  /** Replaces all sets. */
  replace(sets: readonly MutatorSet[]): void {
    this.#sets = sets;
  }

  /** If several sets have the name, the last one wins. */
  find(name: string): Mutator | undefined {
    return this.#sets.findLast((set) => set.find(name))?.find(name);
  }
}
