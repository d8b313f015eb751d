import type { RecordValues } from "@headwater/protocol";
import { type Collection, SUPERUSERS } from "../collections/collection.ts";
import { type Folder, openFolder } from "../folder.ts";
import { isEmail } from "../lib/formats.ts";
import { UserError } from "../lib/user-error.ts";
import { createRecord } from "../records/create-record.ts";
import { deleteRecord } from "../records/delete-record.ts";
import { findRecords } from "../records/find-record.ts";
import { prepareSubmission } from "../records/prepare-submission.ts";
import type { RecordContext } from "../records/record-context.ts";
import { updateRecord } from "../records/update-record.ts";
import { blankRecord } from "../records/columns.ts";
import { principalOf } from "../rules/principal.ts";
import { sql } from "../store/sql.ts";
import { readPassword } from "./read-password.ts";

/**
 * Accounts of superusers, by the same verbs as over HTTP. A server that has the folder open sees the change in the log.
 *
 * @throws UserError, or ApiError with what the record's fields refuse
 */
export async function createSuperuser(dir: string, email: string, password?: string): Promise<void> {
  await withAccount(dir, email, async (door, existing) => {
    if (existing) throw new UserError(`There is a superuser ${email} already.`);
    await create(door, email, password ?? (await readPassword()));
    say(`Superuser ${email} was created.`);
  });
}

export async function upsertSuperuser(dir: string, email: string, password?: string): Promise<void> {
  await withAccount(dir, email, async (door, existing) => {
    const secret = password ?? (await readPassword());
    await (existing ? setPassword(door, existing, secret) : create(door, email, secret));
    say(existing ? `Superuser ${email} has the new password.` : `Superuser ${email} was created.`);
  });
}

export async function updateSuperuser(dir: string, email: string, password?: string): Promise<void> {
  await withAccount(dir, email, async (door, existing) => {
    if (!existing) throw new UserError(`There is no superuser ${email}.`);
    await setPassword(door, existing, password ?? (await readPassword()));
    say(`Superuser ${email} has the new password.`);
  });
}

export async function deleteSuperuser(dir: string, email: string): Promise<void> {
  await withAccount(dir, email, async ({ folder, collection, context }, existing) => {
    if (!existing) return say(`There is no superuser ${email}: nothing to delete.`);
    await folder.store.write((tx) => deleteRecord(tx, context, collection, existing.id));
    say(`Superuser ${email} was deleted.`);
  });
}

/** The open folder, and the one at the keyboard as a superuser: whoever may write the folder may do everything. */
interface Door {
  readonly folder: Folder;
  readonly collection: Collection;
  readonly context: RecordContext;
}

async function withAccount(
  dir: string,
  email: string,
  work: (door: Door, existing: RecordValues | undefined) => Promise<void>,
): Promise<void> {
  if (!isEmail(email)) throw new UserError(`"${email}" is no email address.`);
  const folder = await openFolder(dir);
  const cleaning: Promise<void>[] = [];
  try {
    const door = doorOf(folder, (task) => cleaning.push(task()));
    const [existing] = await findRecords(folder.store, door.collection, sql`"email" = ${email}`);
    await work(door, existing);
  } finally {
    await Promise.allSettled(cleaning);
    await folder.close();
  }
}

function doorOf(folder: Folder, background: RecordContext["background"]): Door {
  const schema = folder.registry.current;
  const collection = schema.find(SUPERUSERS);
  if (collection?.type !== "auth") throw new UserError("The folder has no collection of superusers.");
  const context: RecordContext = {
    principal: principalOf(collection, blankRecord(collection)),
    context: "default",
    method: "POST",
    query: {},
    headers: {},
    body: {},
    schema,
    now: new Date(),
    files: folder.files,
    background,
  };
  return { folder, collection, context };
}

async function create({ folder, collection, context }: Door, email: string, password: string): Promise<void> {
  const body = { email, password, passwordConfirm: password };
  const submission = await prepareSubmission(folder.store, context, collection, undefined, { body, files: new Map() });
  await folder.store.write((tx) => createRecord(tx, context, collection, submission));
}

async function setPassword(
  { folder, collection, context }: Door,
  { id }: RecordValues,
  password: string,
): Promise<void> {
  const body = { password, passwordConfirm: password };
  const submission = await prepareSubmission(folder.store, context, collection, id, { body, files: new Map() });
  await folder.store.write((tx) => updateRecord(tx, context, collection, id, submission));
}

const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
