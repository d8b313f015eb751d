import type { RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import { autogenerate } from "../../collections/fields/text.ts";
import { randomText } from "../../lib/random.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Draft } from "../model/draft.ts";
import { findRecords } from "../query/find-record.ts";
import type { WriteContext } from "../model/record-context.ts";
import { removeDependents, removeRecord } from "./remove-record.ts";

/** The account that only lets the first superuser be made. */
export const INSTALLER_EMAIL = "__pbinstaller@example.com";

/**
 * The values to write of an auth record that changes. All its tokens end (by a new `tokenKey`) with a new password or
 * email, and when it becomes verified while somebody else could have linked an account to the unproven email.
 */
export async function beforeAuthUpdate(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  before: RecordValues,
  { values, passwords }: Draft,
): Promise<RecordValues> {
  const isVerified = before["verified"] !== true && values["verified"] === true;
  const unlinked = isVerified ? await removeDependents(tx, context, collection, before, ["_externalAuths"]) : 0;
  const isSame = values["email"] === before["email"] && (passwords.get("password") ?? "") === "";
  if (unlinked === 0 && (isSame || values["tokenKey"] !== before["tokenKey"])) return values;
  return { ...values, tokenKey: newTokenKey(collection) };
}

/** Ends what was begun with the old password or token key. */
export async function afterAuthUpdate(
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

/** The first real superuser ends the installer's account. */
export async function afterSuperuserInsert(
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
