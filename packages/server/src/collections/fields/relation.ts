import type { ValidationError } from "@headwater/protocol";
import { collectionId } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { toTexts } from "../../lib/text/coerce.ts";
import { atLeast, REQUIRED, required } from "../../lib/validators.ts";
import { readBool, readInt, readText } from "./decode-json.ts";
import type { RelationField } from "./field.ts";
import type { FieldKind, OptionContext } from "./field-kind.ts";
import { multiValueStorage, maxValues } from "./multi-value-storage.ts";

/** Whether the related records exist is checked when a record is written. */
export const relationKind: FieldKind<"relation"> = {
  type: "relation",
  parse: (raw) => ({
    collectionId: collectionId(readText(raw, "collectionId")),
    cascadeDelete: readBool(raw, "cascadeDelete"),
    minSelect: readInt(raw, "minSelect"),
    maxSelect: readInt(raw, "maxSelect"),
  }),
  checkOptions: (field, context) => ({
    collectionId: required(field.collectionId) ?? targetProblem(field, context),
    minSelect: atLeast(field.minSelect, 0),
    maxSelect:
      (field.minSelect > 0 ? required(field.maxSelect) : undefined) ?? atLeast(field.maxSelect, field.minSelect),
  }),
  ...multiValueStorage,
  check: (field, value) => {
    const ids = toTexts(value);
    if (ids.length === 0) return field.required ? REQUIRED : undefined;
    const { minSelect } = field;
    if (ids.length < minSelect)
      return invalid("validation_not_enough_values", `Select at least ${minSelect}.`, { minSelect });
    const maxSelect = maxValues(field);
    if (ids.length > maxSelect)
      return invalid("validation_too_many_values", `Select no more than ${maxSelect}.`, { maxSelect });
    return undefined;
  },
};

function targetProblem(
  field: RelationField,
  { collection, original, schema }: OptionContext,
): ValidationError | undefined {
  const before = original?.fields.find(({ id }) => id === field.id);
  if (before?.type === "relation" && before.collectionId !== field.collectionId)
    return invalid("validation_field_relation_change", "The relation collection cannot be changed.");
  const target = schema.collections.find(({ id }) => id === field.collectionId);
  if (!target) return invalid("validation_field_relation_missing_collection", "The relation collection doesn't exist.");
  if (collection.type === "view" || target.type !== "view") return undefined;
  const message = "Only view collections are allowed to have relations to other views.";
  return invalid("validation_relation_field_non_view_base_collection", message);
}
