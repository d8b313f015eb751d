import type { Action, RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { readHead } from "../../log/change-log.ts";
import type { Change } from "../../log/change.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { findRecord } from "../query/find-record.ts";
import { runDeeper, runInTransaction } from "./hook-scope.ts";
import type { Hook, Hooks } from "../model/hook-registry.ts";
import type { RecordContext, WriteContext } from "../model/record-context.ts";
import { type Submitted, submittedOf } from "../model/submission.ts";

/**
 * Lets the before hooks of a create or update see and change what was submitted. They run before anything is judged.
 * In a transaction that is open already they may await nothing else either.
 *
 * @param id of the record to update; `undefined` for a new one
 * @throws what a hook throws
 */
export async function runBeforeSubmission(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string | undefined,
  submitted: Submitted,
): Promise<Submitted> {
  const action = id === undefined ? "create" : "update";
  const hooks = context.hooks?.hooks.find("before", action, collection) ?? [];
  if (hooks.length === 0) return submitted;
  const record = id === undefined ? undefined : await findRecord(reader, collection, id);
  // Nobody updates what is missing: the verb will say so.
  if (id !== undefined && !record) return submitted;
  const values = normalised(collection, submitted.body);
  await runBefore(context, hooks, action, collection, record, values);
  return submittedOf(unchangedAsSent(collection, submitted.body, values), submitted.files);
}

/** Lets the before hooks of a delete refuse it. */
export async function runBeforeRemoval(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string,
): Promise<void> {
  const hooks = context.hooks?.hooks.find("before", "delete", collection) ?? [];
  const record = hooks.length > 0 ? await findRecord(reader, collection, id) : undefined;
  if (record) await runBefore(context, hooks, "delete", collection, record, {});
}

async function runBefore(
  { principal, hooks: own }: RecordContext,
  hooks: readonly Hook<"before">[],
  action: Action,
  collection: Collection,
  record: RecordValues | undefined,
  values: Record<string, unknown>,
): Promise<void> {
  const { depth, tx } = own!;
  const name = nameOf("before", action, collection);
  for (const hook of hooks) {
    const run = (inner: Transaction | undefined) => hook({ action, collection, principal, record, values, tx: inner });
    await runDeeper(depth, name, async () => (tx ? runInTransaction(tx, name, depth + 1, run) : run(undefined)));
  }
}

/** Runs the within hooks of a row that was just written, in its transaction. */
export async function runWithin(
  tx: Transaction,
  { hooks: own }: WriteContext,
  collection: Collection,
  before: RecordValues | undefined,
  after: RecordValues | undefined,
): Promise<void> {
  if (!own) return;
  const { hooks, depth, principal } = own;
  if (depth > 0 && hooks.has("after")) {
    const seq = await readHead(tx);
    tx.afterCommit(() => hooks.noteDepth(seq, depth));
  }
  const action = before ? (after ? "update" : "delete") : "create";
  const name = nameOf("within", action, collection);
  for (const hook of hooks.find("within", action, collection)) {
    const run = (inner: Transaction) => hook({ action, collection, principal, before, after, tx: inner });
    await runDeeper(depth, name, () => runInTransaction(tx, name, depth + 1, run));
  }
}

/** Runs the after hooks of a change, in their order. An error of one is told, and costs the others nothing. */
export async function runAfter(
  hooks: Hooks,
  collection: Collection,
  change: Change,
  onError: (error: unknown) => void,
): Promise<void> {
  const depth = hooks.takeDepth(change.seq);
  for (const hook of hooks.find("after", change.action, collection)) {
    try {
      await runDeeper(depth, nameOf("after", change.action, collection), () => hook({ change, collection }));
    } catch (error) {
      onError(error);
    }
  }
}

const nameOf = (stage: string, action: Action, collection: Collection): string =>
  `the ${stage} hook of ${action} in ${collection.name}`;

function normalised(collection: Collection, body: Submitted["body"]): Record<string, unknown> {
  const entries = Object.entries(body).map(([name, value]) => [name, normalOf(collection, name, value)] as const);
  return Object.fromEntries<unknown>(entries);
}

/** What names a field, as its kind reads it; an autodate is not the client's to set, so nothing is read of it. */
function normalOf(collection: Collection, name: string, value: unknown): unknown {
  const field = findField(collection, name);
  return field && field.type !== "autodate" ? kindOf(field).normalise(field, value) : value;
}

/** Values that no hook has changed stay as they were sent: to read normal ones again would make others of some. */
function unchangedAsSent(
  collection: Collection,
  body: Submitted["body"],
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(values).map(([name, value]) => {
    const isSame = name in body && Bun.deepEquals(value, normalOf(collection, name, body[name]));
    return [name, isSame ? body[name] : value] as const;
  });
  return Object.fromEntries<unknown>(entries);
}
