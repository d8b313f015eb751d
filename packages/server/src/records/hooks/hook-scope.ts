import { AsyncLocalStorage } from "node:async_hooks";
import type { Transaction } from "../../store/store.ts";

/** Code of others that runs in ours: how deep, and in whose transaction. */
interface Scope {
  readonly depth: number;
  readonly gate: Gate | undefined;
}

interface Gate {
  open: boolean;
  /** Statements, and scopes inside this one, that the work waits for. */
  pending: number;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Hooks that write set off hooks: this many may stand in each other. */
const MAX_DEPTH = 10;

export const hookDepth = (): number => scopes.getStore()?.depth ?? 0;

/** Whether the caller runs in a transaction that is still open: a write of its own would wait for it for ever. */
export const isInTransaction = (): boolean => scopes.getStore()?.gate?.open === true;

/**
 * Runs a hook.
 * @param depth of what set it off
 * @throws Error when hooks have set each other off too often
 */
export function runDeeper<T>(depth: number, name: string, work: () => T): T {
  if (depth >= MAX_DEPTH) {
    throw new Error(
      `${MAX_DEPTH} hooks have set each other off, the last of them ${name}: a write in a hook runs hooks.`,
    );
  }
  return scopes.run({ depth: depth + 1, gate: scopes.getStore()?.gate }, work);
}

/**
 * Runs work that others wrote in a transaction. All writers wait for it, so it may await nothing but the transaction:
 * when the event loop gets to its next turn while the work waits for anything else, the work has failed. When it is over,
 * its transaction answers no more.
 *
 * @param name of the work, for the error
 * @param depth in how many hooks it runs
 * @throws Error as said, and what the work throws
 */
export async function runInTransaction<T>(
  tx: Transaction,
  name: string,
  depth: number,
  work: (tx: Transaction) => T | Promise<T>,
): Promise<T> {
  const outer = scopes.getStore()?.gate;
  const gate: Gate = { open: true, pending: 0 };
  const strayed = Promise.withResolvers<never>();
  let turn: NodeJS.Immediate;
  const watch = (): void => {
    turn = setImmediate(() => {
      if (gate.pending > 0) watch();
      else strayed.reject(new Error(`${name} awaited something other than its transaction, which everyone waits for.`));
    });
  };
  watch();
  if (outer) outer.pending += 1;
  try {
    const own = gated(tx, gate);
    const run = async (): Promise<T> => work(own);
    return await Promise.race([scopes.run({ depth, gate }, run), strayed.promise]);
  } finally {
    if (outer) outer.pending -= 1;
    clearImmediate(turn!);
    gate.open = false;
  }
}

function gated(tx: Transaction, gate: Gate): Transaction {
  const pass = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!gate.open) throw new Error("This transaction is over: what belongs to it must be awaited in it.");
    gate.pending += 1;
    try {
      return await run();
    } finally {
      gate.pending -= 1;
    }
  };
  return {
    all: (statement) => pass(() => tx.all(statement)),
    first: (statement) => pass(() => tx.first(statement)),
    run: (statement) => pass(() => tx.run(statement)),
    afterCommit: (callback) => tx.afterCommit(callback),
  };
}
