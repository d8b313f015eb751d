import type { Action } from "@headwater/protocol";
import { z } from "zod";
import { badRequest, invalid, notFound } from "../lib/api-error.ts";
import { createRecord } from "../records/write/create-record.ts";
import { deleteRecord } from "../records/write/delete-record.ts";
import { prepareDelete } from "../records/write/prepare-delete.ts";
import { prepareSubmission } from "../records/write/prepare-submission.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import type { PreparedSubmission } from "../records/model/submission.ts";
import { assertWritable, type WritableCollection } from "../records/model/writable-collection.ts";
import { updateRecord } from "../records/write/update-record.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { Mutation } from "./requests.ts";

const ACTIONS: readonly Action[] = ["create", "update", "delete"];
const METHODS = { create: "POST", update: "PATCH", delete: "DELETE" } as const;

/** The client chooses the id, so that the record it shows at once and the record the server creates are the same. */
const ARGS = z.object({
  collection: z.string(),
  id: z.string().min(1),
  data: z.record(z.string(), z.unknown()).optional(),
});

/** A mutation that writes one record. */
export interface RecordWrite {
  readonly action: Action;
  readonly collection: WritableCollection;
  readonly id: string;
  readonly context: RecordContext;
}

/**
 * Reads one of the built-in mutations: `create`, `update` or `delete` with `{collection, id, data}`.
 *
 * @throws ApiError 400 for any other name or malformed arguments, 404 for an unknown collection
 */
export function readRecordWrite({ name, args }: Mutation, context: RecordContext): RecordWrite {
  const action = ACTIONS.find((known) => known === name);
  if (!action) throw badRequest(`There is no mutator "${name}".`);
  const parsed = ARGS.safeParse(args);
  if (!parsed.success) {
    throw badRequest("", {
      args: invalid("validation_invalid_args", "Must be an object with collection, id and data."),
    });
  }
  const { collection: collectionName, id, data = {} } = parsed.data;
  const collection = context.schema.find(collectionName);
  if (!collection) throw notFound(`There is no collection "${collectionName}".`);
  assertWritable(collection);
  const body = action === "create" ? { ...data, id } : data;
  return { action, collection, id, context: { ...context, method: METHODS[action], query: {}, body } };
}

/** Whether it must be prepared outside of the transaction: it runs before hooks, or hashes a password. */
export function isSlow({ action, collection, context }: RecordWrite): boolean {
  const hooks = context.hooks?.registry.find("before", action, collection) ?? [];
  return (
    hooks.length > 0 ||
    collection.fields.some(({ type, name }) => type === "password" && Object.hasOwn(context.body, name))
  );
}

/** A write whose slow part is done. */
export interface PreparedWrite {
  readonly write: RecordWrite;
  /** Missing for a delete. */
  readonly submission: PreparedSubmission | undefined;
}

/** Does the slow part: before hooks, validation, password hashes. @throws ApiError if a hook or the record's fields refuse it */
export async function prepareWrite(reader: Reader, write: RecordWrite): Promise<PreparedWrite> {
  const { action, collection, id, context } = write;
  if (action === "delete") {
    await prepareDelete(reader, context, collection, id);
    return { write, submission: undefined };
  }
  const existing = action === "create" ? undefined : id;
  const submitted = { body: context.body, files: new Map() };
  return { write, submission: await prepareSubmission(reader, context, collection, existing, submitted) };
}

/** Writes the record. @throws ApiError if a rule or the record's fields refuse it */
export async function applyWrite(tx: Transaction, { write, submission }: PreparedWrite): Promise<void> {
  const { action, collection, id, context } = write;
  if (!submission) await deleteRecord(tx, context, collection, id);
  else if (action === "create") await createRecord(tx, context, collection, submission);
  else await updateRecord(tx, context, collection, id, submission);
}
