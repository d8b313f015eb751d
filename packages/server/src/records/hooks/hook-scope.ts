import { AsyncLocalStorage } from "node:async_hooks";
import type { Transaction } from "../../store/store.ts";

/** The application's code that is running: how many hooks deep it is, and in which transaction. */
interface HookScope {
  readonly depth: number;
  readonly guard: TransactionGuard | undefined;
}

interface TransactionGuard {
  open: boolean;
  /** The statements, and the scopes inside this one, that the code is waiting for. */
  pending: number;
}

const scopes = new AsyncLocalStorage<HookScope>();

/** A write in a hook runs hooks too: this many levels are allowed. */
const MAX_DEPTH = 10;

export const hookDepth = (): number => scopes.getStore()?.depth ?? 0;

/** Is the caller inside an open transaction? A write outside it would wait for it forever. */
export const isInTransaction = (): boolean => scopes.getStore()?.guard?.open === true;

/**
 * Runs a hook one level deeper.
 *
 * @param depth of the code that triggered the hook
 * @param name for the error
 * @throws Error if hooks have triggered each other too many times
 */
export function runNested<T>(depth: number, name: string, work: () => T): T {
  if (depth >= MAX_DEPTH) {
    throw new Error(
      `Hooks have triggered each other ${MAX_DEPTH} times; the last was ${name}. A write in a hook runs hooks too: ` +
        "make sure that it doesn't lead back to the same hook.",
    );
  }
  return scopes.run({ depth: depth + 1, guard: scopes.getStore()?.guard }, work);
}

/**
 * Runs the application's code in a transaction. Since all writers wait for it, the code may await nothing but the
 * transaction. If the event loop reaches its next turn while the code waits for anything else, the code fails. After it
 * ends, the transaction it was given refuses further use.
 *
 * @param name of the code, for the error
 * @param depth how many hooks deep it runs
 * @throws Error if the code awaits anything else; whatever the code throws
 */
export async function runInTransaction<T>(
  tx: Transaction,
  name: string,
  depth: number,
  work: (tx: Transaction) => T | Promise<T>,
): Promise<T> {
  const outer = scopes.getStore()?.guard;
  const guard: TransactionGuard = { open: true, pending: 0 };
  const strayed = Promise.withResolvers<never>();
  let turn: NodeJS.Immediate;
  const watch = (): void => {
    turn = setImmediate(() => {
      if (guard.pending > 0) watch();
      else {
        strayed.reject(
          new Error(
            `${name} awaited something other than its transaction. All writers wait for a transaction, so await anything ` +
              "else before or after it.",
          ),
        );
      }
    });
  };
  watch();
  if (outer) outer.pending += 1;
  try {
    const own = guarded(tx, guard);
    const run = async (): Promise<T> => work(own);
    return await Promise.race([scopes.run({ depth, guard }, run), strayed.promise]);
  } finally {
    if (outer) outer.pending -= 1;
    clearImmediate(turn!);
    guard.open = false;
  }
}

function guarded(tx: Transaction, guard: TransactionGuard): Transaction {
  const pass = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!guard.open) throw new Error("This transaction is over. Await every call on it before its function returns.");
    guard.pending += 1;
    try {
      return await run();
    } finally {
      guard.pending -= 1;
    }
  };
  return {
    all: (statement) => pass(() => tx.all(statement)),
    first: (statement) => pass(() => tx.first(statement)),
    run: (statement) => pass(() => tx.run(statement)),
    afterCommit: (callback) => tx.afterCommit(callback),
  };
}
