import type { RejectedMutation, SyncError } from "@headwater/protocol";
import type { Registry } from "../collections/model/registry.ts";
import type { ApiError } from "../lib/api-error.ts";
import type { KeyedQueue } from "../lib/scheduling/keyed-queue.ts";
import { retryOnSchemaChange, writeUnderSchema } from "../records/model/schema-change.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { principalKey } from "../rules/principal.ts";
import { savepoint } from "../store/savepoint.ts";
import type { Store, Transaction } from "../store/store.ts";
import { failWith, type MutationWork, planMutation, refusalOf } from "./apply-mutation.ts";
import { claimGroup, type ClientGroup } from "./client-group.ts";
import { findLastMutation, hasForgotten, saveLastMutations } from "./client-rows.ts";
import type { Mutators } from "./mutators.ts";
import type { Mutation, UnreadMutation } from "./requests.ts";

/** A transaction does at most this many mutations, for at most this long, so that other writers don't wait. */
const BATCH = 100;
const BATCH_MS = 20;
/** It reads no further mutation once it has read this much. */
const BATCH_BYTES = 1 << 20;
/** What a client gets about one rejected mutation. A message may quote its arguments. */
const MAX_MESSAGE = 1_000;
const MAX_DATA = 10_000;

export interface PushDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly mutators: Mutators;
  /** Runs the pushes of one group one after another. */
  readonly queue: KeyedQueue;
}

export interface PushRequest {
  readonly group: string;
  readonly mutations: readonly UnreadMutation[];
}

export interface PushResult {
  readonly rejected: readonly RejectedMutation[];
}

/**
 * Does the mutations of a client group, each exactly once, in the order of each client. A mutation that is refused for
 * good counts as done.
 *
 * @param context returns the requester and the current collections; called before each transaction
 * @throws ApiError 403 if the group or a client belongs to another user; or the error that keeps a mutation from being
 *   done now. The mutations before it are done, and the client sends the rest again.
 */
export const push = (
  deps: PushDeps,
  context: () => Promise<RecordContext>,
  { group, mutations }: PushRequest,
): Promise<PushResult | SyncError> => deps.queue.run(group, () => pushAll(deps, context, group, mutations));

async function pushAll(
  deps: PushDeps,
  context: () => Promise<RecordContext>,
  group: string,
  mutations: readonly UnreadMutation[],
): Promise<PushResult | SyncError> {
  const rejected: RejectedMutation[] = [];
  for (let next = 0; next < mutations.length;) {
    if (next > 0) await new Promise(setImmediate);
    const { read, error } = await readBatch(mutations, next);
    if (read.length === 0) throw error;
    const batch = await retryOnSchemaChange(async () => pushSome(deps, await context(), group, read));
    rejected.push(...batch.rejected);
    next += batch.done;
    if (batch.stop?.kind === "unknown") return { error: "ClientStateNotFound" };
    if (batch.stop) throw batch.stop.error;
  }
  return { rejected };
}

/** Reads what one transaction can take, up to the first mutation that can't be read. */
async function readBatch(
  mutations: readonly UnreadMutation[],
  from: number,
): Promise<{ readonly read: readonly Mutation[]; readonly error?: unknown }> {
  const read: Mutation[] = [];
  let bytes = 0;
  for (const mutation of mutations.slice(from, from + BATCH)) {
    if (bytes > BATCH_BYTES) break;
    bytes += mutation.size;
    try {
      read.push(await mutation.read());
    } catch (error) {
      return { read, error };
    }
  }
  return { read };
}

/** What one transaction did. */
interface BatchResult {
  /** How many mutations are done, refused ones included. */
  readonly done: number;
  readonly rejected: readonly RejectedMutation[];
  /** Why the push stops here. */
  readonly stop: { readonly kind: "unknown" } | { readonly kind: "failed"; readonly error: unknown } | undefined;
}

/** Runs one transaction: as many quick mutations as it can take, or a single slow one. */
async function pushSome(
  deps: PushDeps,
  context: RecordContext,
  group: string,
  mutations: readonly Mutation[],
): Promise<BatchResult> {
  const steps = await planBatch(deps, context, mutations);
  const discard = async (): Promise<void> => {
    for (const { work } of steps) await work.discard?.();
  };
  try {
    const batch = await writeUnderSchema(deps, context, (tx) => runSteps(tx, context, group, steps));
    if (batch.rejected.length > 0 || batch.done < steps.length) await discard();
    return batch;
  } catch (error) {
    await discard();
    throw error;
  }
}

interface Step {
  readonly mutation: Mutation;
  readonly work: MutationWork;
}

async function planBatch(deps: PushDeps, context: RecordContext, mutations: readonly Mutation[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const mutation of mutations) {
    const plan = planMutation(mutation, context, deps.mutators);
    if (plan.kind === "slow" && steps.length > 0) break;
    const work = plan.kind === "quick" ? plan.work : await prepareOnce(deps, mutation, plan.prepare);
    steps.push({ mutation, work });
    if (plan.kind === "slow") break;
  }
  return steps;
}

/** Does the slow part of a mutation, unless the mutation is already done. */
async function prepareOnce(
  { store }: PushDeps,
  { clientID, id }: Mutation,
  prepare: (store: Store) => Promise<MutationWork>,
): Promise<MutationWork> {
  const row = await store.first({
    text: "SELECT 1 FROM _sync_clients WHERE key = ? AND mutation >= ?",
    values: [clientID, id],
  });
  if (row) return { run: () => Promise.resolve() };
  try {
    return await prepare(store);
  } catch (error) {
    return failWith(error);
  }
}

async function runSteps(
  tx: Transaction,
  context: RecordContext,
  key: string,
  steps: readonly Step[],
): Promise<BatchResult> {
  const { principal, now } = context;
  const group = await claimGroup(tx, { key, owner: principalKey(principal), now });
  const lastMutations = new Map<string, number>();
  const rejected: RejectedMutation[] = [];
  const until = performance.now() + BATCH_MS;
  let done = 0;
  let stop: BatchResult["stop"];
  for (const { mutation, work } of steps) {
    const turn = await turnOf(tx, group, mutation, lastMutations.get(mutation.clientID));
    if (turn === "unknown") stop = { kind: "unknown" };
    if (turn === "now") {
      try {
        await savepoint(tx, work.run);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal) rejected.push(rejection(mutation, refusal));
        else stop = { kind: "failed", error };
      }
      if (!stop) lastMutations.set(mutation.clientID, mutation.id);
    }
    if (stop) break;
    done += 1;
    if (performance.now() > until) break;
  }
  await saveLastMutations(tx, group, lastMutations, now);
  return { done, rejected, stop };
}

/** Whether it is this mutation's turn. `unknown`: mutations before it are missing, and the server never had them. */
async function turnOf(
  tx: Transaction,
  group: ClientGroup,
  { clientID, id }: Mutation,
  lastInBatch: number | undefined,
): Promise<"done" | "now" | "unknown"> {
  const last = lastInBatch ?? (await findLastMutation(tx, group, clientID));
  if (last !== undefined) return id <= last ? "done" : id === last + 1 ? "now" : "unknown";
  // A forgotten client continues where it is. If no client was ever forgotten, the server never knew this one.
  return id === 1 || (await hasForgotten(tx)) ? "now" : "unknown";
}

const rejection = ({ clientID, id, name }: Mutation, { status, message, data }: ApiError): RejectedMutation => ({
  clientID,
  id,
  name,
  error: {
    status,
    message: message.slice(0, MAX_MESSAGE),
    data: JSON.stringify(data).length > MAX_DATA ? {} : data,
  },
});
