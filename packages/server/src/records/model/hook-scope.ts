import { AsyncLocalStorage } from "node:async_hooks";
import { callBounded } from "../../lib/scheduling/call-bounded.ts";
import { type CodeLimits, overrunError, runLimited } from "../../lib/scheduling/code-limits.ts";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import type { Transaction } from "../../store/store.ts";

/** The application's code that is running: how many hooks deep it is, in which transaction, and until when. */
interface HookScope {
  readonly depth: number;
  readonly guard: TransactionGuard | undefined;
  /** Of a monotonic clock, in milliseconds. */
  readonly until: number;
}

interface TransactionGuard {
  open: boolean;
  /** The statements, and the scopes inside this one, that the code is waiting for. */
  pending: number;
  readonly until: number;
  /** Ends the transaction's code. */
  readonly fail: (error: Error) => void;
  readonly overrun: () => Error;
  /** Is a check of what the code waits for about to run? */
  isCheckDue: boolean;
  readonly stray: () => Error;
}

/** Code that only awaits what is ready would keep the event loop from its next turn. */
const turns = new TurnShare(10);
const scopes = new AsyncLocalStorage<HookScope>();

/** A write in a hook runs hooks too: this many levels are allowed. */
const MAX_DEPTH = 10;

export const hookDepth = (): number => scopes.getStore()?.depth ?? 0;

/** Is the caller inside an open transaction? A write outside it would wait for it forever. */
export const isInTransaction = (): boolean => scopes.getStore()?.guard?.open === true;

/**
 * Call it, and await what it returns, before the application's code reads or writes. Code whose time is over goes no
 * further, and a loop of such calls lets other work run.
 */
export function admitCode(): Promise<void> | undefined {
  const { guard, until = Infinity } = scopes.getStore() ?? {};
  const now = performance.now();
  const rest = turns.pause(now);
  if (guard?.open) return endIfOver(guard, now) ?? (rest && hold(guard, rest));
  return now > until ? never() : rest;
}

/** Resolves in the next turn of the event loop. Unlike anything else, code in a transaction may await it. */
export function nextTurn(): Promise<void> {
  const turn = new Promise<void>((resolve) => setImmediate(resolve));
  const guard = scopes.getStore()?.guard;
  return guard?.open ? hold(guard, turn) : turn;
}

/** Each its own: what waits for it can be collected. */
const never = (): Promise<never> => new Promise(() => {});

/** Fails code whose time is over, and never answers it: it might catch an error and go on. */
function endIfOver(guard: TransactionGuard, now: number): Promise<never> | undefined {
  if (now <= guard.until) return undefined;
  guard.fail(guard.overrun());
  return never();
}

/** Waits for something that the guarded code may wait for. */
async function hold<T>(guard: TransactionGuard, work: Promise<T>): Promise<T> {
  guard.pending += 1;
  try {
    return await work;
  } finally {
    guard.pending -= 1;
    checkSoon(guard);
  }
}

/**
 * Runs a hook one level deeper, outside of a transaction.
 *
 * @param depth of the code that triggered the hook
 * @param name for the error
 * @throws Error if hooks have triggered each other too many times, or it takes too long
 */
export function runNested<T>(depth: number, name: string, limits: CodeLimits, work: () => T | Promise<T>): Promise<T> {
  assertDepth(depth, name);
  const scope = { depth: depth + 1, guard: scopes.getStore()?.guard, until: deadlineOf(limits.waitMs) };
  return scopes.run(scope, () => runLimited(name, limits, work));
}

function assertDepth(depth: number, name: string): void {
  if (depth < MAX_DEPTH) return;
  throw new Error(
    `Hooks have triggered each other ${MAX_DEPTH} times; the last was ${name}. A write in a hook runs hooks too: ` +
      "make sure that it doesn't lead back to the same hook.",
  );
}

const deadlineOf = (limitMs: number): number => (limitMs === 0 ? Infinity : performance.now() + limitMs);

/** The application's code in a transaction. */
export interface TransactionCode {
  /** For the error. */
  readonly name: string;
  /** How many hooks deep it runs. */
  readonly depth: number;
  readonly limits: CodeLimits;
}

/**
 * Runs the application's code in a transaction. Since all writers wait for it, the code may await nothing but the
 * transaction, and not for long. Code that waits for anything else fails. After it ends, the transaction it was given refuses
 * further use.
 *
 * @throws Error if the code awaits anything else or takes too long, or hooks have triggered each other too many times;
 *   whatever the code throws
 */
export async function runInTransaction<T>(
  tx: Transaction,
  { name, depth, limits }: TransactionCode,
  work: (tx: Transaction) => T | Promise<T>,
): Promise<T> {
  assertDepth(depth - 1, name);
  const outer = scopes.getStore()?.guard;
  const ended = Promise.withResolvers<never>();
  const guard: TransactionGuard = {
    open: true,
    pending: 0,
    until: deadlineOf(limits.blockMs),
    fail: ended.reject,
    overrun: () => overrunError(name, limits, "block_seconds"),
    stray: () => strayedError(name),
    isCheckDue: false,
  };
  checkSoon(guard);
  if (outer) outer.pending += 1;
  try {
    const own = guarded(tx, guard);
    const run = async (): Promise<T> => callBounded(() => work(own), limits.blockMs, guard.overrun);
    return await Promise.race([scopes.run({ depth, guard, until: Infinity }, run), ended.promise]);
  } finally {
    if (outer) {
      outer.pending -= 1;
      checkSoon(outer);
    }
    guard.open = false;
  }
}

const strayedError = (name: string): Error =>
  new Error(
    `${name} awaited something other than its transaction. All writers wait for a transaction, so await anything ` +
      "else before or after it.",
  );

/**
 * Fails the code if it waits for something else when all that is ready has run, before any timer or I/O: statements of a
 * transaction are ready at once.
 */
function checkSoon(guard: TransactionGuard): void {
  if (guard.isCheckDue) return;
  guard.isCheckDue = true;
  afterMicrotasks(() => {
    guard.isCheckDue = false;
    if (guard.open && guard.pending === 0) guard.fail(guard.stray());
  });
}

/** Two steps: the first tick may come before other microtasks. */
function afterMicrotasks(callback: () => void): void {
  queueMicrotask(() => process.nextTick(() => queueMicrotask(() => process.nextTick(callback))));
}

function guarded(tx: Transaction, guard: TransactionGuard): Transaction {
  const pass = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!guard.open) throw new Error("This transaction is over. Await every call on it before its function returns.");
    return endIfOver(guard, performance.now()) ?? hold(guard, run());
  };
  return {
    all: (statement) => pass(() => tx.all(statement)),
    first: (statement) => pass(() => tx.first(statement)),
    run: (statement) => pass(() => tx.run(statement)),
    afterCommit: (callback) => tx.afterCommit(callback),
  };
}
