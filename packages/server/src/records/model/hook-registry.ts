import type { Action, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { type CodeLimits, NO_LIMITS } from "../../lib/scheduling/code-limits.ts";
import type { Change } from "../../log/change.ts";
import type { Principal } from "../../rules/principal.ts";
import type { Transaction } from "../../store/store.ts";

/** A requested write, before any rule or validation. */
export interface BeforeHookEvent {
  readonly action: Action;
  readonly collection: Collection;
  readonly principal: Principal;
  /** The record as it is stored; `undefined` for a new one. */
  readonly record: RecordValues | undefined;
  /** What was submitted: normalized values of fields, all other keys unchanged. Hooks may change it. */
  readonly values: Record<string, unknown>;
  /** The transaction in which the write was requested, if one was open. */
  readonly tx: Transaction | undefined;
}

/** A row that was just written, in a transaction that is still open. */
export interface WithinHookEvent {
  readonly action: Action;
  readonly collection: Collection;
  readonly principal: Principal;
  readonly before: RecordValues | undefined;
  readonly after: RecordValues | undefined;
  readonly tx: Transaction;
}

/** A committed change and its collection. */
export interface AfterHookEvent {
  readonly change: Change;
  readonly collection: Collection;
}

interface HookEvents {
  readonly before: BeforeHookEvent;
  readonly within: WithinHookEvent;
  readonly after: AfterHookEvent;
}

export type HookStage = keyof HookEvents;
export type Hook<S extends HookStage> = (event: HookEvents[S]) => void | Promise<void>;

/** In place of a collection's name: all collections except those of the system. */
export const ALL_COLLECTIONS = "*";

type HookLists = { readonly [S in HookStage]: Map<string, Hook<S>[]> };

/** Hooks that are registered and replaced together; they run in the order in which they were added. */
export class HookSet {
  readonly #lists: HookLists = { before: new Map(), within: new Map(), after: new Map() };

  /** @param collection a name in any case, or `*` */
  add<S extends HookStage>(stage: S, action: Action, collection: string, hook: Hook<S>): void {
    const hooks: Map<string, Hook<S>[]> = this.#lists[stage];
    const key = keyOf(action, collection);
    hooks.set(key, [...(hooks.get(key) ?? []), hook]);
  }

  has(stage: HookStage): boolean {
    return this.#lists[stage].size > 0;
  }

  find<S extends HookStage>(stage: S, action: Action, { name, system }: Collection): readonly Hook<S>[] {
    const hooks: Map<string, Hook<S>[]> = this.#lists[stage];
    if (hooks.size === 0) return [];
    const own = hooks.get(keyOf(action, name)) ?? [];
    return system ? own : [...(hooks.get(keyOf(action, ALL_COLLECTIONS)) ?? []), ...own];
  }
}

const keyOf = (action: Action, collection: string): string => `${action} ${collection.toLowerCase()}`;

/** The hooks that run now. */
export class HookRegistry {
  readonly limits: CodeLimits;
  #sets: readonly HookSet[] = [];
  /** How many hooks deep a change was made, by its seq, until its after hooks run. */
  readonly #depths = new Map<number, number>();

  constructor(limits: CodeLimits = NO_LIMITS) {
    this.limits = limits;
  }

  /** Replaces all hooks. Hooks that are already running finish. */
  replace(sets: readonly HookSet[]): void {
    this.#sets = sets;
  }

  has(stage: HookStage): boolean {
    return this.#sets.some((set) => set.has(stage));
  }

  find<S extends HookStage>(stage: S, action: Action, collection: Collection): readonly Hook<S>[] {
    return this.#sets.flatMap((set) => set.find(stage, action, collection));
  }

  noteDepth(seq: number, depth: number): void {
    this.#depths.set(seq, depth);
  }

  /** Returns a change's depth once. Changes are processed in order, so earlier ones are forgotten too. */
  takeDepth(seq: number): number {
    const depth = this.#depths.get(seq) ?? 0;
    for (const noted of this.#depths.keys()) {
      if (noted > seq) break;
      this.#depths.delete(noted);
    }
    return depth;
  }
}

/** The hooks of one write. */
export interface HookContext {
  readonly registry: HookRegistry;
  readonly principal: Principal;
  /** How many hooks deep the write started: 0 outside hooks. */
  readonly depth: number;
  /** The open transaction that the write joins; `undefined` if it opens its own. */
  readonly tx: Transaction | undefined;
}
