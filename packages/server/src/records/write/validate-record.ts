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
import { checkFiles } from "./validate-files.ts";
import { missingRelations, type RelationCheck } from "../query/missing-relations.ts";
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
  const relations: RelationCheck[] = [];
  const validation: Validation = { reader, schema, collection, before, draft, relations };
  for (const field of collection.fields) {
    const problem = checkField(validation, field);
    // Few fields need the database.
    found[field.name] = problem instanceof Promise ? await problem : problem;
  }
  for (const name of await missingRelations(reader, relations)) found[name] = MISSING_RECORDS;
  return problems(found) ?? checkReference(reader, schema, collection, draft.values);
}

interface Validation {
  readonly reader: Reader;
  readonly schema: Schema;
  readonly collection: Collection;
  readonly before: RecordValues | undefined;
  readonly draft: RecordDraft;
  /** Takes the relations whose records have to exist. */
  readonly relations: RelationCheck[];
}

function checkField(validation: Validation, field: Field): Problem | Promise<Problem> {
  const { schema, before, draft, relations } = validation;
  const { values, passwords, uploads } = draft;
  const value = values[field.name] ?? null;
  if (field.type === "text" && field.primaryKey) return checkId(validation, field, values.id);
  if (field.type === "file") return checkFiles(field, toTexts(value), toTexts(before?.[field.name]), uploads);
  const plain = passwords.get(field.name);
  if (field.type === "password" && plain !== undefined) return checkPlainPassword(field, plain);
  const problem = kindOf(field).check(field, value);
  return field.type === "relation" ? (problem ?? checkRelated(schema, field, toTexts(value), relations)) : problem;
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

const MISSING_RECORDS = invalid(
  "validation_missing_rel_records",
  "Failed to find all relation records with the provided ids.",
);
const PK_CHANGE = invalid("validation_pk_change", "The record primary key cannot be changed.");

function checkRelated(
  schema: Schema,
  field: RelationField,
  ids: readonly string[],
  relations: RelationCheck[],
): Problem {
  if (ids.length === 0) return undefined;
  const related = schema.find(field.collectionId);
  if (!related) {
    return invalid("validation_missing_rel_collection", "Relation connection is missing or cannot be accessed.");
  }
  relations.push({ name: field.name, related: related.name, ids });
  return undefined;
}
