import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { costOf } from "../../collections/fields/password.ts";
import { toText } from "../../lib/text/coerce.ts";
import { hashPassword, verifyPassword } from "../../lib/password.ts";
import { randomText } from "../../lib/random.ts";
import type { RecordBody } from "../model/apply-modifiers.ts";

/** The hash of each password. One that is too long for bcrypt gets none, and its validation fails later. */
export async function hashPasswords(
  collection: Collection,
  passwords: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const field of collection.fields) {
    const plain = field.type === "password" ? (passwords.get(field.name) ?? "") : "";
    if (field.type !== "password" || plain === "") continue;
    const hash = await hashPassword(plain, costOf(field));
    if (hash !== undefined) hashes.set(field.name, hash);
  }
  return hashes;
}

/** A password that nobody knows, for users who sign up by other means. */
export const hashRandomPassword = (collection: Collection): Promise<ReadonlyMap<string, string>> =>
  hashPasswords(collection, new Map([["password", randomText(30)]]));

/** The stored hash, if the password is about to change and `oldPassword` matches the hash. */
export async function matchOldPassword(
  body: RecordBody,
  before: RecordValues | undefined,
): Promise<string | undefined> {
  const hash = toText(before?.["password"]);
  const old = toText(body["oldPassword"]);
  const isChange = toText(body["password"]) !== "" || toText(body["passwordConfirm"]) !== "";
  return isChange && (await verifyPassword(old, hash)) ? hash : undefined;
}
