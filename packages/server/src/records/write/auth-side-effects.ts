import type { RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import { autogenerate } from "../../collections/fields/text.ts";
import { randomText } from "../../lib/random.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { RecordDraft } from "../model/record-draft.ts";
import { findRecords } from "../query/find-record.ts";
import type { WriteContext } from "../model/record-context.ts";
import { removeDependents, removeRecord } from "./remove-record.ts";

/** The account that exists until the first superuser is created. */
export const INSTALLER_EMAIL = "__pbinstaller@example.com";

/**
 * The values to write for an update of an auth record. A new `tokenKey` revokes all its tokens if its password or email
 * changes, or if it becomes verified while accounts are linked to it: the one who linked them may not own the email.
 */
export async function authValuesToWrite(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  before: RecordValues,
  { values, passwords }: RecordDraft,
): Promise<RecordValues> {
  const isVerified = before["verified"] !== true && values["verified"] === true;
  const unlinked = isVerified ? await removeDependents(tx, context, collection, before, ["_externalAuths"]) : 0;
  const isSame = values["email"] === before["email"] && (passwords.get("password") ?? "") === "";
  if (unlinked === 0 && (isSame || values["tokenKey"] !== before["tokenKey"])) return values;
  return { ...values, tokenKey: newTokenKey(collection) };
}

/** Removes sign-in data that belongs to the old password or token key. */
export async function removeOutdatedAuthData(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  before: RecordValues,
  after: RecordValues,
): Promise<void> {
  if (before["tokenKey"] !== after["tokenKey"]) await removeDependents(tx, context, collection, after, ["_otps"]);
  if (before["password"] !== after["password"]) {
    await removeDependents(tx, context, collection, after, ["_mfas", "_authOrigins"]);
  }
}

/** Removes the installer's account once there is a real superuser. */
export async function removeInstaller(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  after: RecordValues,
): Promise<void> {
  if (after["email"] === INSTALLER_EMAIL) return;
  const [installer] = await findRecords(tx, collection, sql`email = ${INSTALLER_EMAIL}`);
  if (installer) await removeRecord(tx, context, collection, installer);
}

function newTokenKey(collection: Collection): string {
  const field = findField(collection, "tokenKey");
  return (field?.type === "text" && autogenerate(field)) || randomText(50);
}
