import type { RecordValues } from "@headwater/protocol";
import type { AuthCollection } from "../collections/model/collection.ts";
import { type IndexColumn, parseIndex } from "../collections/model/index-definition.ts";
import { toText } from "../lib/text/coerce.ts";
import { isEmail } from "../lib/text/formats.ts";
import { verifyPassword } from "../lib/password.ts";
import { findRecords } from "../records/query/find-record.ts";
import { sql, verbatim } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";

export interface PasswordForm {
  /** An email, or the value of another identity field. */
  readonly identity: string;
  readonly password: string;
  /** The identity field to look in; "" for all. */
  readonly identityField: string;
}

/**
 * Finds the record with this identity and password. An unknown identity takes as long as a wrong password, so the response
 * time doesn't reveal who has an account.
 */
export async function findByPassword(
  reader: Reader,
  collection: AuthCollection,
  { identity, password, identityField }: PasswordForm,
): Promise<RecordValues | undefined> {
  const fields = identityField === "" ? lookupOrder(collection, identity) : [identityField];
  const values = await findByIdentity(reader, collection, fields, identity);
  const hash = values ? hashOf(values) : await decoyHash(reader, collection);
  const isRight = await verifyPassword(password, hash);
  return isRight ? values : undefined;
}

const hashOf = (values: RecordValues): string => toText(values["password"]);

/** Email comes first, as in PocketBase, and only if the identity is an email address. */
function lookupOrder({ auth }: AuthCollection, identity: string): readonly string[] {
  const { identityFields } = auth.passwordAuth;
  const others = identityFields.filter((name) => name !== "email");
  return identityFields.includes("email") && isEmail(identity) ? ["email", ...others] : others;
}

async function findByIdentity(
  reader: Reader,
  collection: AuthCollection,
  fields: readonly string[],
  identity: string,
): Promise<RecordValues | undefined> {
  for (const field of fields) {
    const { collate } = uniqueColumn(collection, field);
    const collation = verbatim(collate.toLowerCase() === "nocase" ? "COLLATE NOCASE" : "");
    const condition = sql`${sql.id(field)} = ${identity} ${collation} LIMIT 1`;
    const [values] = await findRecords(reader, collection, condition);
    if (values) return values;
  }
  return undefined;
}

/** @throws Error if the field has lost its unique index, so that an identity may be ambiguous */
function uniqueColumn(collection: AuthCollection, field: string): IndexColumn {
  for (const statement of collection.indexes) {
    const { unique, columns } = parseIndex(statement);
    if (unique && columns.length === 1 && columns[0]!.name.toLowerCase() === field.toLowerCase()) return columns[0]!;
  }
  throw new Error(`the identity field ${field} of ${collection.name} has no unique index`);
}

/** The hash of any record, to spend the same time on an unknown identity; "" if the collection is empty. */
async function decoyHash(reader: Reader, collection: AuthCollection): Promise<string> {
  const [values] = await findRecords(reader, collection, sql`TRUE LIMIT 1`);
  return values ? hashOf(values) : "";
}
