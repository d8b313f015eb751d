import { recordId } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { randomId } from "../../lib/random.ts";
import type { Reader } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { CREATE_FAILED } from "./create-record.ts";
import { type AuthorizedWrite, authorizeCreate, authorizeUpdate, checkForm, readForm } from "./authorize-write.ts";
import { type Draft, withGenerated } from "../model/draft.ts";
import { findRecord } from "../query/find-record.ts";
import { failAs, refuse } from "../model/invalid-record.ts";
import type { RecordContext } from "../model/record-context.ts";
import { runBeforeSubmission } from "../hooks/run-hooks.ts";
import { readUploads, storeUploads, withNewNames } from "./submission-files.ts";
import { hashPasswords, hashRandomPassword, matchOldPassword } from "./submission-passwords.ts";
import type { Form, Submission, Submitted } from "../model/submission.ts";
import { UPDATE_FAILED } from "./update-record.ts";
import { validateRecord } from "./validate-record.ts";

/**
 * Does what no transaction may wait for: hashes passwords, compares the old one, stores files. What would be refused
 * anyhow is refused before, so that nobody makes this server work or store for nothing. The transaction judges it all
 * again by what it finds then.
 *
 * The before hooks come first: all that follows judges what they made of the submission.
 *
 * In a batch nothing is judged here, since an earlier part of it may be what makes this one right.
 *
 * @param id of the record to update; `undefined` for a new one
 * @throws ApiError as `createRecord` and `updateRecord` do
 */
export async function prepareSubmission(
  reader: Reader,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  sent: Submitted,
): Promise<Submission> {
  const submitted = await runBeforeSubmission(reader, context, collection, id, sent);
  const uploads = await readUploads(collection, submitted);
  const body = withNewNames(submitted.body, uploads);
  const byName = new Map([...uploads.values()].flat().map((upload) => [upload.name, upload]));
  const form: Form = { id, body, uploads: byName, hashes: new Map(), matchedHash: undefined };
  if (isOfOAuth2(context, collection, form)) {
    const random: Form = { ...form, hashes: await hashRandomPassword(collection) };
    return finish(context, collection, await judge(reader, context, collection, random));
  }
  const sendsPassword = collection.fields.some(({ type, name }) => type === "password" && name in body);
  if (byName.size === 0 && !sendsPassword) return { ...form, discard: async () => {} };
  return finish(context, collection, await judge(reader, context, collection, form));
}

/** Somebody signs up through a provider and has no password here. */
const isOfOAuth2 = ({ context }: RecordContext, collection: Collection, { id, body }: Form): boolean =>
  context === "oauth2" && collection.type === "auth" && id === undefined && !("password" in body);

interface Judged {
  readonly draft: Draft;
  readonly form: Form;
}

async function judge(reader: Reader, context: RecordContext, collection: Collection, form: Form): Promise<Judged> {
  if (context.context === "batch") {
    const before = form.id === undefined ? undefined : await findRecord(reader, collection, form.id);
    const { body, draft } = readForm(context, collection, before, form);
    return { draft, form: { ...form, matchedHash: await matchOldPassword(body, before) } };
  }
  const admitted = await admit(reader, context, collection, form);
  const asksOld = collection.type === "auth" && !admitted.canManage;
  const matchedHash = asksOld ? await matchOldPassword(admitted.body, admitted.before) : undefined;
  const judged: Judged = { draft: withGenerated(collection, admitted.draft), form: { ...form, matchedHash } };
  await failAs(form.id === undefined ? CREATE_FAILED : UPDATE_FAILED, async () => {
    checkForm(collection, admitted, judged.form);
    refuse(await validateRecord(reader, context.schema, collection, admitted.before, judged.draft));
  });
  return judged;
}

const admit = (reader: Reader, context: RecordContext, collection: Collection, form: Form): Promise<AuthorizedWrite> =>
  form.id === undefined
    ? authorizeCreate(reader, context, collection, form)
    : authorizeUpdate(reader, context, collection, form.id, form);

async function finish(context: RecordContext, collection: Collection, { draft, form }: Judged): Promise<Submission> {
  const hashes = new Map([...form.hashes, ...(await hashPasswords(collection, draft.passwords))]);
  const id = recordId(form.id ?? (draft.values.id || randomId()));
  const discard = await storeUploads(context.files, collection, { ...draft.values, id }, form.uploads);
  return { ...form, id, hashes, discard };
}
