import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { problems } from "../../lib/validators.ts";
import type { CollectionDraft } from "../model/collection-draft.ts";
import { ruleProblem } from "./validate-rule.ts";
import type { ValidationContext } from "./validation-context.ts";

type Problem = ValidationError | ErrorData | undefined;

const MAX_DAYS = 36_500;
const MAX_KEEP = 1_000_000;

/** The problems of the options `softDelete` and `history`. */
export function keptProblems(
  draft: CollectionDraft,
  context: ValidationContext,
): { readonly softDelete: Problem; readonly history: Problem } {
  const { softDelete, history, type, system } = draft;
  const refused =
    type === "view" || system
      ? invalid("validation_option_not_supported", "View and system collections can't have this option.")
      : undefined;
  const rule = (text: string | null) => ruleProblem(draft, context, text, text);
  return {
    softDelete:
      softDelete &&
      (refused ??
        problems({
          days: countProblem(softDelete.days, MAX_DAYS),
          trashRule: rule(softDelete.trashRule),
          restoreRule: rule(softDelete.restoreRule),
        })),
    history:
      history &&
      (refused ??
        problems({
          keep: countProblem(history.keep, MAX_KEEP),
          days: countProblem(history.days, MAX_DAYS),
          historyRule: rule(history.historyRule),
        })),
  };
}

const countProblem = (value: number, most: number): Problem =>
  Number.isInteger(value) && value >= 0 && value <= most
    ? undefined
    : invalid("validation_out_of_range", `Must be a whole number between 0 and ${most}.`);
