import { ApiError, badRequest } from "../lib/api-error.ts";
import { hookDepth, runInTransaction } from "../records/hooks/hook-scope.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { StoreError, type Store, type Transaction } from "../store/store.ts";
import { applyWrite, isSlow, type PreparedWrite, prepareWrite, readRecordWrite } from "./default-mutators.ts";
import type { Mutators } from "./mutators.ts";
import type { Mutation } from "./requests.ts";

/** What a mutation does, or why it does nothing. */
export interface Act {
  readonly run: (tx: Transaction) => Promise<void>;
  /** Removes what was stored for it, if it was not done. */
  readonly discard?: () => Promise<void>;
}

/** A mutation that is understood. */
export type Step =
  | { readonly kind: "quick"; readonly act: Act }
  /** It takes what no transaction may wait for. */
  | { readonly kind: "slow"; readonly prepare: (store: Store) => Promise<Act> };

/** Reads a mutation: the application's own come first, then those that every collection has. */
export function readStep(mutation: Mutation, context: RecordContext, mutators: Mutators): Step {
  const { name, args } = mutation;
  const mutator = mutators.find(name);
  if (mutator) {
    const { principal } = context;
    const work = (inner: Transaction) => mutator({ name, args, principal, tx: inner });
    const run = (tx: Transaction) => runInTransaction(tx, `the mutator ${name}`, hookDepth(), work);
    return { kind: "quick", act: { run } };
  }
  try {
    const write = readRecordWrite(mutation, context);
    if (!isSlow(write)) {
      return { kind: "quick", act: { run: async (tx) => applyWrite(tx, await prepareWrite(tx, write)) } };
    }
    return { kind: "slow", prepare: async (store) => actOf(await prepareWrite(store, write)) };
  } catch (error) {
    return { kind: "quick", act: failing(error) };
  }
}

const actOf = (prepared: PreparedWrite): Act => ({
  run: (tx) => applyWrite(tx, prepared),
  discard: () => prepared.submission?.discard() ?? Promise.resolve(),
});

/** What was wrong before the transaction counts in it, where the mutation's turn is. */
export const failing = (error: unknown): Act => ({ run: () => Promise.reject(error) });

const PASSING: ReadonlySet<number> = new Set([408, 429]);
const NOT_NOW: ReadonlySet<StoreError["kind"]> = new Set(["busy", "full", "closed", "other"]);

/**
 * Why a mutation fails however often it is tried; `undefined` where another try may do it, or where the fault is ours: the
 * client keeps it until that is mended.
 */
export function refusalOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) {
    const isPassing = error.status >= 500 || PASSING.has(error.status) || isOurState(error.cause);
    return isPassing ? undefined : error;
  }
  return error instanceof StoreError && !isOurState(error) ? badRequest("", {}, error) : undefined;
}

const isOurState = (error: unknown): boolean => error instanceof StoreError && NOT_NOW.has(error.kind);
