import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { costOf } from "../../collections/fields/password.ts";
import { toText } from "../../lib/coerce.ts";
import { hashPassword, verifyPassword } from "../../lib/password.ts";
import { randomText } from "../../lib/random.ts";
import type { Body } from "../model/resolve-body.ts";

/** The hash of each password; one that is too long for bcrypt has none, and its field's check says so. */
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

/** A password that nobody knows, for who signs up by other means. */
export const hashRandomPassword = (collection: Collection): Promise<ReadonlyMap<string, string>> =>
  hashPasswords(collection, new Map([["password", randomText(30)]]));

/** The stored hash, if `oldPassword` is its password and there is a reason to ask. */
export async function matchOldPassword(body: Body, before: RecordValues | undefined): Promise<string | undefined> {
  const hash = toText(before?.["password"]);
  const old = toText(body["oldPassword"]);
  const isChange = toText(body["password"]) !== "" || toText(body["passwordConfirm"]) !== "";
  return isChange && (await verifyPassword(old, hash)) ? hash : undefined;
}
