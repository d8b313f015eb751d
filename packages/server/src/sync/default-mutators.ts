import type { Action } from "@headwater/protocol";
import { z } from "zod";
import type { Collection } from "../collections/model/collection.ts";
import { badRequest, invalid, notFound } from "../lib/api-error.ts";
import { createRecord } from "../records/write/create-record.ts";
import { deleteRecord } from "../records/write/delete-record.ts";
import { prepareRemoval } from "../records/write/prepare-removal.ts";
import { prepareSubmission } from "../records/write/prepare-submission.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import type { Submission } from "../records/model/submission.ts";
import { updateRecord } from "../records/write/update-record.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { Mutation } from "./requests.ts";

const ACTIONS: readonly Action[] = ["create", "update", "delete"];
const METHODS = { create: "POST", update: "PATCH", delete: "DELETE" } as const;

/** The client makes the id: its own idea of the record must be the same record. */
const ARGS = z.object({
  collection: z.string(),
  id: z.string().min(1),
  data: z.record(z.string(), z.unknown()).optional(),
});

/** A write of one record, as any client may ask for it. */
export interface RecordWrite {
  readonly action: Action;
  readonly collection: Collection;
  readonly id: string;
  readonly context: RecordContext;
}

/**
 * Reads a mutation that every collection has: `create`, `update` and `delete` with `{collection, id, data}`.
 *
 * @throws ApiError 400 for any other, 404 for an unknown collection
 */
export function readRecordWrite({ name, args }: Mutation, asked: RecordContext): RecordWrite {
  const action = ACTIONS.find((known) => known === name);
  if (!action) throw badRequest(`There is no mutator "${name}".`);
  const parsed = ARGS.safeParse(args);
  if (!parsed.success) {
    throw badRequest("", {
      args: invalid("validation_invalid_args", "Must be an object with collection, id and data."),
    });
  }
  const { collection: collectionName, id, data = {} } = parsed.data;
  const collection = asked.schema.find(collectionName);
  if (!collection) throw notFound(`There is no collection "${collectionName}".`);
  const body = action === "create" ? { ...data, id } : data;
  return { action, collection, id, context: { ...asked, method: METHODS[action], query: {}, body } };
}

/** Does it need what no transaction may wait for: hooks that run before it, or a password's hash? */
export function isSlow({ action, collection, context }: RecordWrite): boolean {
  const hooks = context.hooks?.hooks.find("before", action, collection) ?? [];
  return (
    hooks.length > 0 ||
    collection.fields.some(({ type, name }) => type === "password" && Object.hasOwn(context.body, name))
  );
}

/** A write whose slow part is done. @param submission missing for a delete */
export interface PreparedWrite {
  readonly write: RecordWrite;
  readonly submission: Submission | undefined;
}

/** Does the slow part. @throws ApiError as the verbs do */
export async function prepareWrite(reader: Reader, write: RecordWrite): Promise<PreparedWrite> {
  const { action, collection, id, context } = write;
  if (action === "delete") {
    await prepareRemoval(reader, context, collection, id);
    return { write, submission: undefined };
  }
  const target = action === "create" ? undefined : id;
  const submitted = { body: context.body, files: new Map() };
  return { write, submission: await prepareSubmission(reader, context, collection, target, submitted) };
}

/** @throws ApiError as the verbs do */
export async function applyWrite(tx: Transaction, { write, submission }: PreparedWrite): Promise<void> {
  const { action, collection, id, context } = write;
  if (!submission) await deleteRecord(tx, context, collection, id);
  else if (action === "create") await createRecord(tx, context, collection, submission);
  else await updateRecord(tx, context, collection, id, submission);
}
