import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { byteLength, matches, oneOf, problems, required, sameAs } from "../../lib/validators.ts";
import type { CollectionDraft } from "../model/collection-draft.ts";
import { viaProblem } from "../fields/check-field.ts";
import { authProblems } from "./validate-auth.ts";
import { fieldsProblem } from "./validate-fields.ts";
import { indexesProblem } from "./validate-indexes.ts";
import { keptProblems } from "./validate-kept.ts";
import { ruleProblem } from "./validate-rule.ts";
import { searchProblems } from "./validate-search.ts";
import type { ValidationContext } from "./validation-context.ts";

/** Runs all of PocketBase's checks on a collection. The result is keyed by property. */
export function validateCollection(draft: CollectionDraft, context: ValidationContext): ErrorData | undefined {
  const rule = (text: string | null, before: string | null | undefined) => ruleProblem(draft, context, text, before);
  const writeRule = (name: "createRule" | "updateRule" | "deleteRule") =>
    (draft.type === "view" ? mustBeNull(draft[name]) : undefined) ?? rule(draft[name], context.original?.[name]);
  return problems({
    id: idProblem(draft, context),
    system: systemProblem(draft, context),
    type: typeProblem(draft, context),
    name: nameProblem(draft, context),
    fields: fieldsProblem(draft, context),
    listRule: rule(draft.listRule, context.original?.listRule),
    viewRule: rule(draft.viewRule, context.original?.viewRule),
    createRule: writeRule("createRule"),
    updateRule: writeRule("updateRule"),
    deleteRule: writeRule("deleteRule"),
    indexes: indexesProblem(draft, context),
    search: searchProblems(draft),
    ...keptProblems(draft, context),
    ...(draft.type === "auth" ? authProblems(draft, context) : {}),
    ...(draft.type === "view" ? { viewQuery: required(draft.viewQuery) ?? context.viewProblem } : {}),
  });
}

function idProblem({ id }: CollectionDraft, { original, schema }: ValidationContext): ValidationError | undefined {
  const problem = required(id);
  if (problem || original) return problem ?? sameAs<string>(id, original!.id);
  const taken = schema.collections.some((other) => other.id === id);
  return byteLength(id, 1, 100) ?? matches(id, /^\w+$/) ?? (taken ? TAKEN_ID : undefined);
}

const TAKEN_ID = invalid("validation_invalid_or_existing_id", "The model id is invalid or already exists.");

const systemProblem = ({ system }: CollectionDraft, { original }: ValidationContext): ValidationError | undefined =>
  original && original.system !== system
    ? invalid("validation_collection_system_flag_change", "System collection state cannot be changed.")
    : undefined;

const typeProblem = ({ type }: CollectionDraft, { original }: ValidationContext): ValidationError | undefined =>
  oneOf(type, ["base", "auth", "view"]) ??
  (original && original.type !== type
    ? invalid("validation_collection_type_change", "Collection type cannot be changed.")
    : undefined);

const nameProblem = (draft: CollectionDraft, context: ValidationContext): ValidationError | undefined =>
  required(draft.name) ??
  byteLength(draft.name, 1, 255) ??
  viaProblem(draft.name) ??
  matches(draft.name, /^\w+$/) ??
  takenNameProblem(draft, context);

/** The name becomes a table name, and URL paths accept both ids and names. */
function takenNameProblem(
  { name }: CollectionDraft,
  { original, schema, tables }: ValidationContext,
): ValidationError | undefined {
  if (original?.system && name !== original.name)
    return invalid("validation_collection_system_name_change", "System collection name cannot be changed.");
  const sameName = schema.collections.filter((other) => other.name.toLowerCase() === name.toLowerCase());
  if (sameName.some(({ id }) => id !== original?.id))
    return invalid("validation_collection_name_exists", "Collection name must be unique (case insensitive).");
  if (schema.collections.some((other) => other.id === name))
    return invalid("validation_collection_name_id_duplicate", "The name must not match an existing collection id.");
  if (original?.name !== name && sameName.length === 0 && tables.has(name.toLowerCase()))
    return invalid("validation_collection_name_invalid", "The name shouldn't match with an existing internal table.");
  return undefined;
}

const mustBeNull = (rule: string | null): ValidationError | undefined =>
  rule === null ? undefined : invalid("validation_nil", "Must be blank.");
