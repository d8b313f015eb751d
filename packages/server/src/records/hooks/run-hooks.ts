import type { Action, RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { readHead } from "../../log/change-log.ts";
import type { Change } from "../../log/change.ts";
import type { Transaction } from "../../store/store.ts";
import { runNested, runInTransaction } from "../model/hook-scope.ts";
import type { BeforeHookEvent, Hook, HookRegistry, HookStage } from "../model/hook-registry.ts";
import type { RecordContext, WriteContext } from "../model/record-context.ts";
import { type Submission, toJsonValues, toSubmission } from "../model/submission.ts";

export type FindRecord = (collection: Collection, id: string) => Promise<RecordValues | undefined>;

/**
 * Runs the before hooks of a create or update, which may change what was submitted. They run before rules and validation.
 * Inside an open transaction they may await nothing but `event.records`.
 *
 * @param find finds the record as the write will find it
 * @param id of the record to update; `undefined` for a new one
 * @throws whatever a hook throws
 */
export async function runBeforeSaveHooks(
  find: FindRecord,
  context: RecordContext,
  collection: Collection,
  id: string | undefined,
  submitted: Submission,
): Promise<Submission> {
  const action = id === undefined ? "create" : "update";
  const hooks = context.hooks?.registry.find("before", action, collection) ?? [];
  if (hooks.length === 0) return submitted;
  const record = id === undefined ? undefined : await find(collection, id);
  // The update itself will fail for a missing record.
  if (id !== undefined && !record) return submitted;
  const values = normalizedValues(collection, submitted.body);
  await runBeforeHooks(context, hooks, { action, collection, record, values });
  return toSubmission(mergeChanges(collection, submitted.body, values), submitted.files);
}

/** Runs the before hooks of a delete, which may reject it by throwing. */
export async function runBeforeDeleteHooks(
  find: FindRecord,
  context: RecordContext,
  collection: Collection,
  id: string,
): Promise<void> {
  const hooks = context.hooks?.registry.find("before", "delete", collection) ?? [];
  const record = hooks.length > 0 ? await find(collection, id) : undefined;
  if (record) await runBeforeHooks(context, hooks, { action: "delete", collection, record, values: {} });
}

async function runBeforeHooks(
  { principal, hooks: hookContext }: RecordContext,
  hooks: readonly Hook<"before">[],
  event: Omit<BeforeHookEvent, "principal" | "tx">,
): Promise<void> {
  const { depth, tx, registry } = hookContext!;
  const { limits } = registry;
  const name = describeHook("before", event.action, event.collection);
  for (const hook of hooks) {
    const run = (inner: Transaction | undefined) => hook({ ...event, principal, tx: inner });
    if (tx) await runInTransaction(tx, { name, depth: depth + 1, limits }, run);
    else await runNested(depth, name, limits, () => run(undefined));
  }
}

/** Runs the within hooks of a row that was just written, in its transaction. */
export async function runWithinHooks(
  tx: Transaction,
  { hooks: hookContext }: WriteContext,
  collection: Collection,
  before: RecordValues | undefined,
  after: RecordValues | undefined,
): Promise<void> {
  if (!hookContext) return;
  const { registry, depth, principal } = hookContext;
  if (depth > 0 && registry.has("after")) {
    const seq = await readHead(tx);
    tx.afterCommit(() => registry.noteDepth(seq, depth));
  }
  const action = before ? (after ? "update" : "delete") : "create";
  const name = describeHook("within", action, collection);
  for (const hook of registry.find("within", action, collection)) {
    const run = (inner: Transaction) => hook({ action, collection, principal, before, after, tx: inner });
    await runInTransaction(tx, { name, depth: depth + 1, limits: registry.limits }, run);
  }
}

/** Runs the after hooks of a change in their order. An error is reported and doesn't stop the hooks that follow. */
export async function runAfterHooks(
  registry: HookRegistry,
  collection: Collection,
  change: Change,
  onError: (error: unknown) => void,
): Promise<void> {
  const depth = registry.takeDepth(change.seq);
  for (const hook of registry.find("after", change.action, collection)) {
    try {
      const name = describeHook("after", change.action, collection);
      await runNested(depth, name, registry.limits, () => hook({ change, collection }));
    } catch (error) {
      onError(error);
    }
  }
}

const describeHook = (stage: HookStage, action: Action, collection: Collection): string =>
  `the ${stage} hook of ${action} in ${collection.name}`;

function normalizedValues(collection: Collection, body: Submission["body"]): Record<string, unknown> {
  const entries = Object.entries(body).map(
    ([name, value]) => [name, normalizedValue(collection, name, value)] as const,
  );
  return Object.fromEntries<unknown>(entries);
}

/** Normalizes the value of a field. Clients can't set autodates, so theirs stay as sent, like keys that name no field. */
function normalizedValue(collection: Collection, name: string, value: unknown): unknown {
  const field = findField(collection, name);
  return field && field.type !== "autodate" ? kindOf(field).normalise(field, value) : value;
}

/**
 * The submitted values with what hooks changed. The others keep the form in which they were sent, since normalizing twice
 * would change some of them.
 *
 * @throws ApiError 400 with the fields that a hook set to what JSON can't hold
 */
function mergeChanges(
  collection: Collection,
  body: Submission["body"],
  values: Readonly<Record<string, unknown>>,
): Submission["body"] {
  const isChanged = ([name, value]: readonly [string, unknown]): boolean =>
    !(Object.hasOwn(body, name) && Bun.deepEquals(value, normalizedValue(collection, name, body[name])));
  const changed = toJsonValues(Object.fromEntries(Object.entries(values).filter(isChanged)));
  const entries = Object.keys(values).map(
    (name) => [name, Object.hasOwn(changed, name) ? changed[name] : body[name]] as const,
  );
  return Object.fromEntries<unknown>(entries);
}
