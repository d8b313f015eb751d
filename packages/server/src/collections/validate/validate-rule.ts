import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { collectionOf, type CollectionDraft } from "../model/collection-draft.ts";
import type { ValidationContext } from "./validation-context.ts";

/** @param before the stored rule; `undefined` for a new collection */
export function ruleProblem(
  draft: CollectionDraft,
  { original, schema, checkRule }: ValidationContext,
  rule: string | null,
  before: string | null | undefined,
): ValidationError | undefined {
  if (rule !== null && rule !== "") {
    const error = checkRule(rule, collectionOf(draft), schema);
    if (error !== undefined) return invalid("validation_invalid_rule", `Invalid rule. Raw error: ${error}`);
  }
  if (!original?.system || rule === before) return undefined;
  return invalid("validation_collection_system_rule_change", "System collection API rule cannot be changed.");
}
