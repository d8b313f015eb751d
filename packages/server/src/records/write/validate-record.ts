import type { ErrorData, RecordValues, ValidationError } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Field, RelationField, TextField } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { checkPlainPassword } from "../../collections/fields/password.ts";
import { DEFAULT_ID_PATTERN } from "../../collections/fields/text.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { invalid } from "../../lib/api-error.ts";
import { toTexts } from "../../lib/coerce.ts";
import { problems } from "../../lib/validators.ts";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import type { Draft } from "../model/draft.ts";
import { anyOf } from "../query/find-record.ts";
import { checkFiles } from "./validate-files.ts";
import { checkReference } from "./validate-reference.ts";

type Problem = ValidationError | undefined;

/**
 * Checks all fields, those that stay as they are too: a limit may have come later than the value.
 *
 * @param before the record as it is stored; `undefined` for a new one
 * @returns what is wrong by field; `undefined` when nothing is
 */
export async function validateRecord(
  reader: Reader,
  schema: Schema,
  collection: Collection,
  before: RecordValues | undefined,
  draft: Draft,
): Promise<ErrorData | undefined> {
  const found: Record<string, Problem> = {};
  for (const field of collection.fields) {
    found[field.name] = await checkField(reader, schema, collection, field, before, draft);
  }
  return problems(found) ?? checkReference(reader, schema, collection, draft.values);
}

async function checkField(
  reader: Reader,
  schema: Schema,
  collection: Collection,
  field: Field,
  before: RecordValues | undefined,
  { values, passwords, uploads }: Draft,
): Promise<Problem> {
  const value = values[field.name] ?? null;
  if (field.type === "text" && field.primaryKey) return checkId(reader, collection, field, before, values.id);
  if (field.type === "file") return checkFiles(field, toTexts(value), toTexts(before?.[field.name]), uploads);
  const plain = passwords.get(field.name);
  if (field.type === "password" && plain !== undefined) return checkPlainPassword(field, plain);
  const problem = kindOf(field).check(field, value);
  return field.type === "relation" ? (problem ?? checkRelated(reader, schema, field, toTexts(value))) : problem;
}

/** An id never changes, and one that is stored is right by definition: it may be older than its field's options. */
async function checkId(
  reader: Reader,
  collection: Collection,
  field: TextField,
  before: RecordValues | undefined,
  id: string,
): Promise<Problem> {
  if (before !== undefined) return before.id === id ? undefined : PK_CHANGE;
  // Ids name folders, and some file systems don't tell A from a.
  if (field.pattern !== DEFAULT_ID_PATTERN) {
    const taken = await reader.first(
      sql`SELECT 1 FROM ${sql.table(collection.name)} WHERE id = ${id} COLLATE NOCASE LIMIT 1`,
    );
    if (taken) return invalid("validation_pk_invalid", "The record primary key is invalid or already exists.");
  }
  return kindOf(field).check(field, id);
}

const PK_CHANGE = invalid("validation_pk_change", "The record primary key cannot be changed.");

async function checkRelated(
  reader: Reader,
  schema: Schema,
  field: RelationField,
  ids: readonly string[],
): Promise<Problem> {
  if (ids.length === 0) return undefined;
  const related = schema.find(field.collectionId);
  if (!related) {
    return invalid("validation_missing_rel_collection", "Relation connection is missing or cannot be accessed.");
  }
  const row = await reader.first(
    sql`SELECT count(*) AS found FROM ${sql.table(related.name)} WHERE id IN ${anyOf(ids)}`,
  );
  if (Number(row?.["found"]) === ids.length) return undefined;
  return invalid("validation_missing_rel_records", "Failed to find all relation records with the provided ids.");
}
