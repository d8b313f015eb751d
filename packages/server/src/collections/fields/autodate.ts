import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { sameAs } from "../../lib/validators.ts";
import { readBool } from "./decode-json.ts";
import { dateStorage } from "./date.ts";
import type { AutodateField } from "./field.ts";
import type { FieldKind, OptionContext } from "./field-kind.ts";

/** Set by the server only: what a client sends for it is ignored. */
export const autodateKind: FieldKind<"autodate"> = {
  type: "autodate",
  parse: (raw) => ({ onCreate: readBool(raw, "onCreate"), onUpdate: readBool(raw, "onUpdate") }),
  checkOptions: (field, context) => ({
    onCreate: changeProblem(field, "onCreate", context) ?? neverSetProblem(field),
    onUpdate: changeProblem(field, "onUpdate", context) ?? neverSetProblem(field),
  }),
  ...dateStorage,
  check: () => undefined,
};

const neverSetProblem = (field: AutodateField): ValidationError | undefined =>
  field.onCreate || field.onUpdate
    ? undefined
    : invalid("validation_required", "Either onCreate or onUpdate must be enabled.");

function changeProblem(
  field: AutodateField,
  option: "onCreate" | "onUpdate",
  { original }: OptionContext,
): ValidationError | undefined {
  const before = original?.fields.find(({ id }) => id === field.id);
  return field.system && before?.type === "autodate" ? sameAs(field[option], before[option]) : undefined;
}
