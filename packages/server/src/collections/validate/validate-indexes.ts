import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionDraft } from "../model/collection-draft.ts";
import { INVALID_INDEX } from "../tables/indexes.ts";
import { buildIndex, hasUniqueIndex, type Index, isComplete, parseIndex } from "../model/index-definition.ts";
import type { ValidationContext } from "./validation-context.ts";

type Problem = ValidationError | ErrorData | undefined;

export function indexesProblem(draft: CollectionDraft, context: ValidationContext): Problem {
  if (draft.type === "view" && draft.indexes.length > 0)
    return invalid("validation_indexes_not_supported", "View collections don't support indexes.");
  return (
    statementProblem(draft, context) ?? systemIndexProblem(draft, context.original) ?? missingAuthIndexProblem(draft)
  );
}

/** The first problem found, by the position of its statement. */
function statementProblem(draft: CollectionDraft, context: ValidationContext): ErrorData | undefined {
  const names = new Set<string>();
  const definitions = new Set<string>();
  for (const [position, statement] of draft.indexes.entries()) {
    // The table in the statement is ignored.
    const index = { ...parseIndex(statement), table: "any" };
    if (!isComplete(index)) return { [position]: INVALID_INDEX };
    const name = index.name.toLowerCase();
    if (names.has(name))
      return { [position]: invalid("validation_duplicated_index_name", "The index name already exists.") };
    const usedTableName = otherTable(name, draft, context);
    if (usedTableName !== undefined) {
      const message = `The index name is already used in ${usedTableName} collection.`;
      return { [position]: invalid("validation_existing_index_name", message, { usedTableName }) };
    }
    const definition = buildIndex({ ...index, schema: "", name: "any" });
    if (definitions.has(definition))
      return { [position]: invalid("validation_duplicated_index_definition", "The index definition already exists.") };
    names.add(name);
    definitions.add(definition);
  }
  return undefined;
}

function otherTable(
  index: string,
  draft: CollectionDraft,
  { original, indexTables }: ValidationContext,
): string | undefined {
  const table = indexTables.get(index);
  const own = [draft.name.toLowerCase(), original?.name.toLowerCase()];
  return table === undefined || own.includes(table.toLowerCase()) ? undefined : table;
}

/** Sign-in and references rely on unique system fields. */
function systemIndexProblem(draft: CollectionDraft, original: Collection | undefined): Problem {
  const system = original?.fields.filter((field) => field.system) ?? [];
  const after = draft.indexes.map(parseIndex);
  for (const before of (original?.indexes ?? []).map(parseIndex)) {
    const field = before.columns
      .map(({ name }) => system.find((other) => other.name.toLowerCase() === name.toLowerCase()))
      .find((found) => found !== undefined);
    if (!before.unique || !field || after.some((index) => isSameConstraint(index, before))) continue;
    const message = `Unique index definition on system fields (${field.name}) is invalid or missing.`;
    return invalid("validation_invalid_unique_system_field_index", message, { fieldName: field.name });
  }
  return undefined;
}

/** Ignores collation, sort order and WHERE. */
function isSameConstraint(a: Index, b: Index): boolean {
  return a.unique === b.unique && a.optional === b.optional && columnNames(a) === columnNames(b);
}

const columnNames = (index: Index): string => index.columns.map(({ name }) => name).join("\n");

function missingAuthIndexProblem(draft: CollectionDraft): Problem {
  if (draft.type !== "auth") return undefined;
  const fieldName = ["tokenKey", "email"].find((name) => !hasUniqueIndex(draft, name));
  if (fieldName === undefined) return undefined;
  const message = `Missing required unique index for field "${fieldName}".`;
  return invalid("validation_missing_required_unique_index", message, { fieldName });
}
