import { recordId } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { S3Error } from "../../files/s3/s3-error.ts";
import { isStorableName, nameUpload, readUpload, type Upload } from "../../files/upload.ts";
import { badRequest } from "../../lib/api-error.ts";
import { randomId } from "../../lib/random.ts";
import type { Reader } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { NO_UPLOADS, type ResolvedUploads, resolveArrived, takesUploads } from "./files/arrived-uploads.ts";
import { CREATE_FAILED } from "./create-record.ts";
import {
  type AuthorizedWrite,
  authorizeCreate,
  authorizeUpdate,
  throwIfInvalidAuth,
  readValues,
} from "./authorize-write.ts";
import { type RecordDraft, fillGenerated } from "../model/record-draft.ts";
import { findRecord } from "../query/find-record.ts";
import { withErrorMessage, throwIfInvalid } from "../model/invalid-record.ts";
import type { RecordContext } from "../model/record-context.ts";
import { type FindRecord, runBeforeSaveHooks } from "../hooks/run-hooks.ts";
import { readUploads, storeUploads, withStoredNames } from "./files/submission-files.ts";
import { hashPasswords, hashRandomPassword, matchOldPassword } from "./submission-passwords.ts";
import type { SubmittedValues, PreparedSubmission, Submission } from "../model/submission.ts";
import { UPDATE_FAILED } from "./update-record.ts";
import { validateRecord } from "./validate-record.ts";

/** How a submission is prepared that is one of several in a transaction. */
export interface Preparation {
  /**
   * What is checked before the slow part. `rule`: only the rule. `none`: an earlier part of the transaction may be what makes
   * this one valid.
   */
  readonly checks: "all" | "rule" | "none";
  /** The record as the transaction will find it. */
  readonly find: FindRecord;
}

/**
 * Does the slow part of a create or update, for which no transaction may wait: hashes passwords, compares the old one,
 * stores files. Before that it checks everything that would be rejected anyway, so that a bad request costs neither a
 * hash nor a disk write. The transaction checks everything again on the data it finds.
 *
 * The before hooks run first, so all checks apply to what they made of the submission.
 *
 * @param id of the record to update; `undefined` for a new one
 * @param preparation by default, everything is checked, except in a batch
 * @throws ApiError like `createRecord` and `updateRecord`
 */
export async function prepareSubmission(
  reader: Reader,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  sent: Submission,
  preparation: Preparation = defaultPreparation(reader, context),
): Promise<PreparedSubmission> {
  const received = await runBeforeSaveHooks(preparation.find, context, collection, id, sent);
  const submission = takesUploads(collection)
    ? { ...received, ...(await resolveArrived(context, collection, received, failureOf(id))) }
    : { ...received, uploads: NO_UPLOADS };
  if (submission.files.size > 0 && !mayReadUploads(preparation, collection, id)) {
    await authorize(reader, context, collection, await submittedValues(collection, id, submission, nameUpload));
  }
  const values = await submittedValues(collection, id, submission, readUpload);
  if (isOAuth2SignUp(context, collection, values)) {
    const random: SubmittedValues = { ...values, hashes: await hashRandomPassword(collection) };
    return completeSubmission(
      context,
      collection,
      await checkSubmission(reader, context, collection, random, preparation),
    );
  }
  const sendsPassword = collection.fields.some(
    ({ type, name }) => type === "password" && Object.hasOwn(values.body, name),
  );
  if (values.uploads.size === 0 && !sendsPassword) return { ...values, ...NO_FILES };
  return completeSubmission(
    context,
    collection,
    await checkSubmission(reader, context, collection, values, preparation),
  );
}

const defaultPreparation = (reader: Reader, { context }: RecordContext): Preparation => ({
  checks: context === "batch" ? "none" : "all",
  find: (collection, id) => findRecord(reader, collection, id),
});

const NO_FILES = { discard: async () => {}, keep: async () => {} };

async function submittedValues(
  collection: Collection,
  id: string | undefined,
  submission: Submission & ResolvedUploads,
  read: (file: File) => Upload | Promise<Upload>,
): Promise<SubmittedValues> {
  const uploads = await readUploads(collection, submission, read);
  const body = withStoredNames(submission.body, uploads);
  const sent = [...uploads.values()].flat().map((upload) => [upload.name, upload] as const);
  const byName = new Map([...submission.uploads, ...sent]);
  return { id, body, uploads: byName, hashes: new Map(), matchedHash: undefined };
}

/**
 * Whether the rule can only be evaluated when the types of the uploads are known. Otherwise it is evaluated before
 * anybody looks at their content: what is refused should cost nothing.
 */
function mayReadUploads({ checks }: Preparation, collection: Collection, id: string | undefined): boolean {
  const rule = (id === undefined ? collection.createRule : collection.updateRule) ?? "";
  return checks === "none" || collection.fields.some(({ type, name }) => type === "file" && rule.includes(name));
}

/** Is this a sign-up through a provider, by somebody who has no password here? */
const isOAuth2SignUp = ({ context }: RecordContext, collection: Collection, { id, body }: SubmittedValues): boolean =>
  context === "oauth2" && collection.type === "auth" && id === undefined && !("password" in body);

interface CheckedSubmission {
  readonly draft: RecordDraft;
  readonly values: SubmittedValues;
}

async function checkSubmission(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  values: SubmittedValues,
  { checks, find }: Preparation,
): Promise<CheckedSubmission> {
  if (checks !== "all") {
    if (checks === "rule") await authorize(reader, context, collection, values);
    const before = values.id === undefined ? undefined : await find(collection, values.id);
    const { body, draft } = readValues(context, collection, before, values);
    return { draft, values: { ...values, matchedHash: await matchOldPassword(body, before) } };
  }
  const authorized = await authorize(reader, context, collection, values);
  const needsOldPassword = collection.type === "auth" && !authorized.canManage;
  const matchedHash = needsOldPassword ? await matchOldPassword(authorized.body, authorized.before) : undefined;
  const checked: CheckedSubmission = {
    draft: fillGenerated(collection, authorized.draft),
    values: { ...values, matchedHash },
  };
  await withErrorMessage(failureOf(values.id), async () => {
    throwIfInvalidAuth(collection, authorized, checked.values);
    throwIfInvalid(await validateRecord(reader, context.schema, collection, authorized.before, checked.draft));
  });
  return checked;
}

const authorize = (
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  values: SubmittedValues,
): Promise<AuthorizedWrite> =>
  values.id === undefined
    ? authorizeCreate(reader, context, collection, values)
    : authorizeUpdate(reader, context, collection, values.id, values);

const failureOf = (id: string | undefined): string => (id === undefined ? CREATE_FAILED : UPDATE_FAILED);

async function completeSubmission(
  context: RecordContext,
  collection: Collection,
  { draft, values }: CheckedSubmission,
): Promise<PreparedSubmission> {
  if ([...values.uploads.keys()].some((name) => !isStorableName(name))) throw badRequest(failureOf(values.id));
  const hashes = new Map([...values.hashes, ...(await hashPasswords(collection, draft.passwords))]);
  const id = recordId(values.id ?? (draft.values.id || randomId()));
  const stored = storeUploads(context.files, collection, { ...draft.values, id }, values.uploads);
  const { discard, keep } = await stored.catch((error: unknown) => {
    throw error instanceof S3Error ? badRequest(failureOf(values.id), {}, error) : error;
  });
  return { ...values, id, hashes, discard, keep };
}
