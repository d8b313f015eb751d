import type { RejectedMutation, SyncError } from "@headwater/protocol";
import type { Registry } from "../collections/model/registry.ts";
import type { ApiError } from "../lib/api-error.ts";
import type { KeyedQueue } from "../lib/keyed-queue.ts";
import { onCurrentSchema, writeBySchema } from "../records/model/current-schema.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { principalKey } from "../rules/principal.ts";
import { savepoint } from "../store/savepoint.ts";
import type { Store, Transaction } from "../store/store.ts";
import { type Act, failing, readStep, refusalOf } from "./apply-mutation.ts";
import { claimGroup, type ClientGroup } from "./client-group.ts";
import { findLastMutation, hasForgotten, saveLastMutations } from "./client-rows.ts";
import type { Mutators } from "./mutators.ts";
import type { Mutation } from "./requests.ts";

/** One transaction does so many mutations, or as many as it gets done in the time: then other writers have their turn. */
const BATCH = 100;
const BATCH_MS = 20;

export interface PushDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly mutators: Mutators;
  /** Pushes of one group follow each other. */
  readonly lanes: KeyedQueue;
}

export interface PushRequest {
  readonly group: string;
  readonly mutations: readonly Mutation[];
}

export interface Pushed {
  readonly rejected: readonly RejectedMutation[];
}

/**
 * Does the mutations of a client group, each once, in the order of each client. What is refused for good counts as done.
 *
 * @param context gives who asks, under the collections in force; asked before each transaction
 * @throws ApiError 403 for a group or client that belongs to another; and whatever keeps a mutation from being done now:
 *   those before it are done, and the client sends the others again
 */
export const push = (
  deps: PushDeps,
  context: () => Promise<RecordContext>,
  { group, mutations }: PushRequest,
): Promise<Pushed | SyncError> => deps.lanes.run(group, () => pushAll(deps, context, group, mutations));

async function pushAll(
  deps: PushDeps,
  context: () => Promise<RecordContext>,
  group: string,
  mutations: readonly Mutation[],
): Promise<Pushed | SyncError> {
  const rejected: RejectedMutation[] = [];
  for (let next = 0; next < mutations.length;) {
    const batch = await onCurrentSchema(async () => pushSome(deps, await context(), group, mutations, next));
    rejected.push(...batch.rejected);
    next = batch.next;
    if (batch.end?.kind === "unknown") return { error: "ClientStateNotFound" };
    if (batch.end) throw batch.end.error;
  }
  return { rejected };
}

/** What came of a transaction. */
interface Batch {
  /** The first mutation that it left. */
  readonly next: number;
  readonly rejected: readonly RejectedMutation[];
  /** Why no more can be done. */
  readonly end: { readonly kind: "unknown" } | { readonly kind: "failed"; readonly error: unknown } | undefined;
}

/** Does as many mutations as go into one transaction: those that can be done at once, or one that must be prepared. */
async function pushSome(
  deps: PushDeps,
  context: RecordContext,
  group: string,
  mutations: readonly Mutation[],
  from: number,
): Promise<Batch> {
  const steps: { readonly mutation: Mutation; readonly act: Act }[] = [];
  for (const mutation of mutations.slice(from, from + BATCH)) {
    const step = readStep(mutation, context, deps.mutators);
    if (step.kind === "slow" && steps.length > 0) break;
    const act = step.kind === "quick" ? step.act : await prepared(deps, group, mutation, step.prepare);
    steps.push({ mutation, act });
    if (step.kind === "slow") break;
  }
  const discard = async (): Promise<void> => {
    for (const { act } of steps) await act.discard?.();
  };
  try {
    const batch = await writeBySchema(deps, context, (tx) => doSteps(tx, context, group, steps));
    if (batch.rejected.length > 0 || batch.done < steps.length) await discard();
    return { ...batch, next: from + batch.done };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** The slow part of a mutation, unless it was done before. */
async function prepared(
  { store }: PushDeps,
  group: string,
  { clientID, id }: Mutation,
  prepare: (store: Store) => Promise<Act>,
): Promise<Act> {
  const row = await store.first({
    text: "SELECT 1 FROM _sync_clients WHERE key = ? AND mutation >= ?",
    values: [clientID, id],
  });
  if (row) return { run: () => Promise.resolve() };
  try {
    return await prepare(store);
  } catch (error) {
    return failing(error);
  }
}

async function doSteps(
  tx: Transaction,
  context: RecordContext,
  key: string,
  steps: readonly { readonly mutation: Mutation; readonly act: Act }[],
): Promise<Omit<Batch, "next"> & { readonly done: number }> {
  const group = await claimGroup(tx, key, principalKey(context.principal), context.now);
  const last = new Map<string, number>();
  const rejected: RejectedMutation[] = [];
  const until = performance.now() + BATCH_MS;
  let done = 0;
  let end: Batch["end"];
  for (const { mutation, act } of steps) {
    const turn = await turnOf(tx, group, mutation, last.get(mutation.clientID));
    if (turn === "unknown") end = { kind: "unknown" };
    if (turn === "now") {
      try {
        await savepoint(tx, act.run);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal) rejected.push(rejection(mutation, refusal));
        else end = { kind: "failed", error };
      }
      if (!end) last.set(mutation.clientID, mutation.id);
    }
    if (end) break;
    done += 1;
    if (performance.now() > until) break;
  }
  await saveLastMutations(tx, group, last, context.now);
  return { done, rejected, end };
}

/** Whether it is this mutation's turn; `unknown`: ones before it are missing, and nobody knows them any more. */
async function turnOf(
  tx: Transaction,
  group: ClientGroup,
  { clientID, id }: Mutation,
  lastHere: number | undefined,
): Promise<"done" | "now" | "unknown"> {
  const last = lastHere ?? (await findLastMutation(tx, group, clientID));
  if (last !== undefined) return id <= last ? "done" : id === last + 1 ? "now" : "unknown";
  // A client that was forgotten for its age goes on where it is; a server that forgot nobody never knew this one.
  return id === 1 || (await hasForgotten(tx)) ? "now" : "unknown";
}

const rejection = ({ clientID, id, name }: Mutation, { status, message, data }: ApiError): RejectedMutation => ({
  clientID,
  id,
  name,
  error: { status, message, data },
});
