import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { problems, REQUIRED } from "../../lib/validators.ts";
import type { Collection } from "../model/collection.ts";
import { collectionOf, type CollectionDraft } from "../model/collection-draft.ts";
import { checkField } from "../fields/check-field.ts";
import type { Field, FieldType } from "../fields/field.ts";
import type { ValidationContext } from "./validation-context.ts";

type Problem = ValidationError | ErrorData | undefined;

/** Returns the problems of the first group of checks that finds any, as in PocketBase. */
export function fieldsProblem(draft: CollectionDraft, { original, schema }: ValidationContext): Problem {
  const { fields } = draft;
  const collection = collectionOf(draft);
  return (
    duplicateProblem(fields) ??
    missingProblem(draft) ??
    (draft.type === "view" ? undefined : (systemFieldProblem(fields, original) ?? typeProblems(fields, original))) ??
    (draft.type === "auth" ? byIndex(fields, reservedProblem) : undefined) ??
    byIndex(fields, (field) => checkField(field, { collection, original, schema }))
  );
}

const byIndex = (fields: readonly Field[], check: (field: Field) => Problem): ErrorData | undefined =>
  problems(Object.fromEntries(fields.map((field, position) => [String(position), check(field)])));

/** Names become columns, which are case-insensitive in SQLite. */
function duplicateProblem(fields: readonly Field[]): ErrorData | undefined {
  const ids = new Set<string>();
  const names = new Set<string>();
  for (const [position, { id, name }] of fields.entries()) {
    if (ids.has(id)) {
      const message = `Duplicated or invalid field id ${JSON.stringify(id)}`;
      return { [position]: { id: invalid("validation_duplicated_field_id", message) } };
    }
    if (names.has(name.toLowerCase())) {
      const message = `Duplicated or invalid field name ${name}`;
      return { [position]: { name: invalid("validation_duplicated_field_name", message, { fieldName: name }) } };
    }
    ids.add(id);
    names.add(name.toLowerCase());
  }
  return undefined;
}

const MUST_BE_SYSTEM = invalid("validation_must_be_system", 'The field must be marked as "System".');
const MUST_BE_HIDDEN = invalid(
  "validation_must_be_system_and_hidden",
  'The field must be marked as "System" and "Hidden".',
);

const AUTH_FIELDS: readonly (readonly [name: string, type: FieldType, hidden: boolean])[] = [
  ["password", "password", true],
  ["tokenKey", "text", true],
  ["email", "email", false],
  ["emailVisibility", "bool", false],
  ["verified", "bool", false],
];

function missingProblem({ type, fields }: CollectionDraft): Problem {
  if (fields.length === 0) return REQUIRED;
  const id = fields.find(({ name }) => name === "id");
  if (id?.type !== "text" || !id.primaryKey)
    return invalid("validation_missing_primary_key", 'Missing or invalid "id" PK field.');
  if (type !== "auth") return undefined;
  for (const [name, kind, hidden] of AUTH_FIELDS) {
    const field = fields.find((other) => other.name === name);
    if (field?.type !== kind) return invalid(`validation_missing_${name}_field`, `System "${name}" field is required.`);
    if (hidden && !(field.hidden && field.system)) return { [name]: MUST_BE_HIDDEN };
    if (!field.system) return { [name]: MUST_BE_SYSTEM };
  }
  return undefined;
}

function systemFieldProblem(fields: readonly Field[], original: Collection | undefined): Problem {
  const kept = (old: Field) => fields.some(({ id, name }) => id === old.id && name === old.name);
  const system = original?.fields.filter((field) => field.system) ?? [];
  if (system.every(kept)) return undefined;
  return invalid("validation_system_field_change", "System fields cannot be deleted or renamed.");
}

function typeProblems(fields: readonly Field[], original: Collection | undefined): Problem {
  return byIndex(fields, (field) => {
    const before = original?.fields.find(({ id }) => id === field.id);
    if (!before || before.type === field.type) return undefined;
    return invalid("validation_field_type_change", "Field type cannot be changed.");
  });
}

/** Keys that a request to change a password sends next to the fields. */
const reservedProblem = ({ name }: Field): Problem =>
  name === "passwordConfirm" || name === "oldPassword"
    ? { name: invalid("validation_reserved_field_name", "The field name is reserved and cannot be used.") }
    : undefined;
