import type { RecordValues } from "@headwater/protocol";
import { superusersOf, systemContext } from "../auth/system-context.ts";
import type { AuthCollection } from "../collections/model/collection.ts";
import { type Folder, openFolder } from "../app/folder.ts";
import { isEmail } from "../lib/text/formats.ts";
import { UserError } from "../lib/user-error.ts";
import { createRecord } from "../records/write/create-record.ts";
import { deleteRecord } from "../records/write/delete-record.ts";
import { findRecords } from "../records/query/find-record.ts";
import { prepareSubmission } from "../records/write/prepare-submission.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { updateRecord } from "../records/write/update-record.ts";
import { sql } from "../store/sql.ts";
import { readPassword } from "./read-password.ts";

/**
 * Creates a superuser by the same code as the API. A server that has the folder open sees the change in the log.
 *
 * @throws UserError if the superuser exists, ApiError if its fields are invalid
 */
export async function createSuperuser(dir: string, email: string, password?: string): Promise<void> {
  await withSuperuser(dir, email, async (target, existing) => {
    if (existing)
      throw new UserError(`The superuser ${email} already exists. Set its password with "headwater superuser update".`);
    await create(target, email, password ?? (await readPassword()));
    print(`Superuser ${email} was created.`);
  });
}

export async function upsertSuperuser(dir: string, email: string, password?: string): Promise<void> {
  await withSuperuser(dir, email, async (target, existing) => {
    const secret = password ?? (await readPassword());
    await (existing ? setPassword(target, existing, secret) : create(target, email, secret));
    print(existing ? `Superuser ${email} has the new password.` : `Superuser ${email} was created.`);
  });
}

export async function updateSuperuser(dir: string, email: string, password?: string): Promise<void> {
  await withSuperuser(dir, email, async (target, existing) => {
    if (!existing) throw new UserError(`There is no superuser ${email}.`);
    await setPassword(target, existing, password ?? (await readPassword()));
    print(`Superuser ${email} has the new password.`);
  });
}

export async function deleteSuperuser(dir: string, email: string): Promise<void> {
  await withSuperuser(dir, email, async ({ folder, collection, context }, existing) => {
    if (!existing) return print(`There is no superuser ${email}: nothing to delete.`);
    await folder.store.write((tx) => deleteRecord(tx, context, collection, existing.id));
    print(`Superuser ${email} was deleted.`);
  });
}

/** The open folder, its superusers, and a context with a superuser's rights. */
interface SuperuserTarget {
  readonly folder: Folder;
  readonly collection: AuthCollection;
  readonly context: RecordContext;
}

async function withSuperuser(
  dir: string,
  email: string,
  work: (target: SuperuserTarget, existing: RecordValues | undefined) => Promise<void>,
): Promise<void> {
  if (!isEmail(email)) throw new UserError(`"${email}" is not an email address.`);
  const folder = await openFolder(dir);
  const cleaning: Promise<void>[] = [];
  try {
    const { store, registry, files } = folder;
    const schema = registry.current;
    const background = (task: () => Promise<void>): void => void cleaning.push(task());
    const context = systemContext({ schema, files, now: new Date(), background });
    const collection = superusersOf(schema);
    const [existing] = await findRecords(store, collection, sql`"email" = ${email}`);
    await work({ folder, collection, context }, existing);
  } finally {
    await Promise.allSettled(cleaning);
    await folder.close();
  }
}

async function create(
  { folder, collection, context }: SuperuserTarget,
  email: string,
  password: string,
): Promise<void> {
  const body = { email, password, passwordConfirm: password };
  const submission = await prepareSubmission(folder.store, context, collection, undefined, { body, files: new Map() });
  await folder.store.write((tx) => createRecord(tx, context, collection, submission));
}

async function setPassword(
  { folder, collection, context }: SuperuserTarget,
  { id }: RecordValues,
  password: string,
): Promise<void> {
  const body = { password, passwordConfirm: password };
  const submission = await prepareSubmission(folder.store, context, collection, id, { body, files: new Map() });
  await folder.store.write((tx) => updateRecord(tx, context, collection, id, submission));
}

const print = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
