import type { ErrorData, RecordValues, ValidationError } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Field, RelationField, TextField } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { checkPlainPassword } from "../../collections/fields/password.ts";
import { DEFAULT_ID_PATTERN } from "../../collections/fields/text.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { invalid } from "../../lib/api-error.ts";
import { toTexts } from "../../lib/text/coerce.ts";
import { problems } from "../../lib/validators.ts";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import type { RecordDraft } from "../model/record-draft.ts";
import { anyOf } from "../query/find-record.ts";
import { checkFiles } from "./validate-files.ts";
import { checkReference } from "./validate-reference.ts";

type Problem = ValidationError | undefined;

/**
 * Validates all fields, including unchanged ones: a limit may be newer than the value.
 *
 * @param before the stored record; `undefined` for a new one
 * @returns the errors by field; `undefined` if there are none
 */
export async function validateRecord(
  reader: Reader,
  schema: Schema,
  collection: Collection,
  before: RecordValues | undefined,
  draft: RecordDraft,
): Promise<ErrorData | undefined> {
  const found: Record<string, Problem> = {};
  const validation: Validation = { reader, schema, collection, before, draft };
  for (const field of collection.fields) {
    const problem = checkField(validation, field);
    // Few fields need the database.
    found[field.name] = problem instanceof Promise ? await problem : problem;
  }
  return problems(found) ?? checkReference(reader, schema, collection, draft.values);
}

interface Validation {
  readonly reader: Reader;
  readonly schema: Schema;
  readonly collection: Collection;
  readonly before: RecordValues | undefined;
  readonly draft: RecordDraft;
}

function checkField(validation: Validation, field: Field): Problem | Promise<Problem> {
  const { reader, schema, before, draft } = validation;
  const { values, passwords, uploads } = draft;
  const value = values[field.name] ?? null;
  if (field.type === "text" && field.primaryKey) return checkId(validation, field, values.id);
  if (field.type === "file") return checkFiles(field, toTexts(value), toTexts(before?.[field.name]), uploads);
  const plain = passwords.get(field.name);
  if (field.type === "password" && plain !== undefined) return checkPlainPassword(field, plain);
  const problem = kindOf(field).check(field, value);
  return field.type === "relation" ? (problem ?? checkRelated(reader, schema, field, toTexts(value))) : problem;
}

/** An id never changes, and a stored one is valid: it may be older than its field's options. */
function checkId({ reader, collection, before }: Validation, field: TextField, id: string): Problem | Promise<Problem> {
  if (before !== undefined) return before.id === id ? undefined : PK_CHANGE;
  return field.pattern === DEFAULT_ID_PATTERN
    ? kindOf(field).check(field, id)
    : checkCustomId(reader, collection, field, id);
}

/** Ids name folders, and some file systems are case-insensitive. */
async function checkCustomId(reader: Reader, { name }: Collection, field: TextField, id: string): Promise<Problem> {
  const taken = await reader.first(sql`SELECT 1 FROM ${sql.id(name)} WHERE id = ${id} COLLATE NOCASE LIMIT 1`);
  if (taken) return invalid("validation_pk_invalid", "The record primary key is invalid or already exists.");
  return kindOf(field).check(field, id);
}

const PK_CHANGE = invalid("validation_pk_change", "The record primary key cannot be changed.");

function checkRelated(
  reader: Reader,
  schema: Schema,
  field: RelationField,
  ids: readonly string[],
): Problem | Promise<Problem> {
  if (ids.length === 0) return undefined;
  const related = schema.find(field.collectionId);
  if (!related) {
    return invalid("validation_missing_rel_collection", "Relation connection is missing or cannot be accessed.");
  }
  return checkAllFound(reader, related, ids);
}

async function checkAllFound(reader: Reader, related: Collection, ids: readonly string[]): Promise<Problem> {
  if ((await countIds(reader, related, ids)) === ids.length) return undefined;
  return invalid("validation_missing_rel_records", "Failed to find all relation records with the provided ids.");
}

/** How many of the ids there are. */
async function countIds(reader: Reader, { name }: Collection, ids: readonly string[]): Promise<number> {
  const found = sql`SELECT count(*) AS found FROM ${sql.id(name)} WHERE`;
  const [id = ""] = ids;
  // Most relations hold one.
  const row = await reader.first(ids.length === 1 ? sql`${found} id = ${id}` : sql`${found} id IN ${anyOf(ids)}`);
  return Number(row?.["found"]);
}
