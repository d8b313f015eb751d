import type { Principal } from "../rules/principal.ts";
import type { Transaction } from "../store/store.ts";

/** One call of a named mutator. */
export interface MutatorCall {
  readonly name: string;
  readonly args: unknown;
  readonly principal: Principal;
  /** The only thing that the mutator may await. */
  readonly tx: Transaction;
}

/** What an application does for a mutation of its own: all of it is written, or nothing. */
export type Mutator = (call: MutatorCall) => void | Promise<void>;

/** Mutators that came together and go together. */
export class MutatorSet {
  readonly #mutators = new Map<string, Mutator>();

  add(name: string, mutator: Mutator): void {
    this.#mutators.set(name, mutator);
  }

  find(name: string): Mutator | undefined {
    return this.#mutators.get(name);
  }
}

/** The mutators in force. */
export class Mutators {
  #sets: readonly MutatorSet[] = [];

  /** Puts these in the place of all others. */
  replace(sets: readonly MutatorSet[]): void {
    this.#sets = sets;
  }

  /** Of two of that name, the one that came last. */
  find(name: string): Mutator | undefined {
    return this.#sets.findLast((set) => set.find(name))?.find(name);
  }
}
