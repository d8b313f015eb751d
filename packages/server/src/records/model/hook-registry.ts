import type { Action, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Change } from "../../log/change.ts";
import type { Principal } from "../../rules/principal.ts";
import type { Transaction } from "../../store/store.ts";

/** A write that somebody asked for, before anything has judged it. */
export interface Asked {
  readonly action: Action;
  readonly collection: Collection;
  readonly principal: Principal;
  /** The record as it is stored; `undefined` for a new one. */
  readonly record: RecordValues | undefined;
  /** What was submitted: known fields in their normal form, every other key as it came. Hooks may change it. */
  readonly values: Record<string, unknown>;
  /** The transaction that was open already when the write was asked for. */
  readonly tx: Transaction | undefined;
}

/** A row that was written a moment ago, in a transaction that is still open. */
export interface Written {
  readonly action: Action;
  readonly collection: Collection;
  readonly principal: Principal;
  readonly before: RecordValues | undefined;
  readonly after: RecordValues | undefined;
  readonly tx: Transaction;
}

/** A change that is committed, and the collection that it is of. */
export interface Committed {
  readonly change: Change;
  readonly collection: Collection;
}

interface Events {
  readonly before: Asked;
  readonly within: Written;
  readonly after: Committed;
}

export type Stage = keyof Events;
export type Hook<S extends Stage> = (event: Events[S]) => void | Promise<void>;

/** Stands for every collection but those of the system, in place of a collection's name. */
export const EVERY = "*";

type Lists = { readonly [S in Stage]: Map<string, Hook<S>[]> };

/** Hooks that came together and go together, each in the order in which it was added. */
export class HookSet {
  readonly #lists: Lists = { before: new Map(), within: new Map(), after: new Map() };

  /** @param collection a name in any case, or `*` */
  add<S extends Stage>(stage: S, action: Action, collection: string, hook: Hook<S>): void {
    const hooks: Map<string, Hook<S>[]> = this.#lists[stage];
    const key = keyOf(action, collection);
    hooks.set(key, [...(hooks.get(key) ?? []), hook]);
  }

  has(stage: Stage): boolean {
    return this.#lists[stage].size > 0;
  }

  find<S extends Stage>(stage: S, action: Action, { name, system }: Collection): readonly Hook<S>[] {
    const hooks: Map<string, Hook<S>[]> = this.#lists[stage];
    if (hooks.size === 0) return [];
    const own = hooks.get(keyOf(action, name)) ?? [];
    return system ? own : [...(hooks.get(keyOf(action, EVERY)) ?? []), ...own];
  }
}

const keyOf = (action: Action, collection: string): string => `${action} ${collection.toLowerCase()}`;

/** The hooks in force. */
export class Hooks {
  #sets: readonly HookSet[] = [];
  /** How deep in other hooks a change was made, by its seq, until it is followed. */
  readonly #depths = new Map<number, number>();

  /** Puts these in the place of all others, from the next hook that is looked for on. */
  replace(sets: readonly HookSet[]): void {
    this.#sets = sets;
  }

  has(stage: Stage): boolean {
    return this.#sets.some((set) => set.has(stage));
  }

  find<S extends Stage>(stage: S, action: Action, collection: Collection): readonly Hook<S>[] {
    return this.#sets.flatMap((set) => set.find(stage, action, collection));
  }

  noteDepth(seq: number, depth: number): void {
    this.#depths.set(seq, depth);
  }

  /** Answers once: a change is followed once, and none before it after it. */
  takeDepth(seq: number): number {
    const depth = this.#depths.get(seq) ?? 0;
    for (const noted of this.#depths.keys()) {
      if (noted > seq) break;
      this.#depths.delete(noted);
    }
    return depth;
  }
}

/** The hooks as one write meets them. */
export interface WriteHooks {
  readonly hooks: Hooks;
  readonly principal: Principal;
  /** In how many hooks, one in the other, the write was begun. */
  readonly depth: number;
  /** The transaction that it is made in; `undefined` for a write that will have one of its own. */
  readonly tx: Transaction | undefined;
}
