import { ApiError, badRequest } from "../lib/api-error.ts";
import { NO_LIMITS } from "../lib/scheduling/code-limits.ts";
import { hookDepth, runInTransaction } from "../records/model/hook-scope.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { isOutage, StoreError, type Store, type Transaction } from "../store/store.ts";
import { applyWrite, isSlow, type PreparedWrite, prepareWrite, readRecordWrite } from "./default-mutators.ts";
import type { Mutators } from "./mutators.ts";
import type { Mutation } from "./requests.ts";

/** What a mutation does in the transaction of a push. */
export interface MutationWork {
  /** @throws what keeps the mutation from being done; `refusalOf` says whether that is final */
  readonly run: (tx: Transaction) => Promise<void>;
  /** Deletes the files that were stored for it. Called if the mutation was not done. */
  readonly discard?: () => Promise<void>;
}

/** A mutation, ready to run or to be prepared. */
export type PlannedMutation =
  | { readonly kind: "quick"; readonly work: MutationWork }
  /** Part of it is too slow for a transaction: hooks that run before the write, or the hash of a password. */
  | { readonly kind: "slow"; readonly prepare: (store: Store) => Promise<MutationWork> };

/** Plans a mutation. The application's mutators take precedence over `create`, `update` and `delete`. */
export function planMutation(mutation: Mutation, context: RecordContext, mutators: Mutators): PlannedMutation {
  const { name, args, refusal } = mutation;
  if (refusal) return { kind: "quick", work: failWith(refusal) };
  const mutator = mutators.find(name);
  if (mutator) {
    const { principal, hooks } = context;
    const limits = hooks?.registry.limits ?? NO_LIMITS;
    const call = (inner: Transaction) => mutator({ name, args, principal, tx: inner });
    const run = (tx: Transaction) =>
      runInTransaction(tx, { name: `the mutator ${name}`, depth: hookDepth(), limits }, call);
    return { kind: "quick", work: { run } };
  }
  try {
    const write = readRecordWrite(mutation, context);
    if (!isSlow(write)) {
      return { kind: "quick", work: { run: async (tx) => applyWrite(tx, await prepareWrite(tx, write)) } };
    }
    return { kind: "slow", prepare: async (store) => workOf(await prepareWrite(store, write)) };
  } catch (error) {
    return { kind: "quick", work: failWith(error) };
  }
}

const workOf = (prepared: PreparedWrite): MutationWork => ({
  run: (tx) => applyWrite(tx, prepared),
  discard: () => prepared.submission?.discard() ?? Promise.resolve(),
});

/** Throws an error of the preparation in the transaction, when it is the mutation's turn. */
export const failWith = (error: unknown): MutationWork => ({ run: () => Promise.reject(error) });

const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 429]);

/**
 * The error that refuses a mutation for good. `undefined` if a retry may succeed or the server is at fault: then the
 * client keeps the mutation and sends it again.
 */
export function refusalOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) {
    const isRetryable =
      error.status >= 500 || RETRYABLE_STATUSES.has(error.status) || isRetryableStoreError(error.cause);
    return isRetryable ? undefined : error;
  }
  return error instanceof StoreError && !isRetryableStoreError(error) ? badRequest("", {}, error) : undefined;
}

const isRetryableStoreError = (error: unknown): boolean =>
  isOutage(error) || (error instanceof StoreError && error.kind === "other");
