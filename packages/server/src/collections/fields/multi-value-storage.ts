import type { FieldValue } from "@headwater/protocol";
import { toTexts } from "../../lib/text/coerce.ts";
import type { SqlValue } from "../../store/sql.ts";
import { type FileField, isMultiple, type RelationField, type SelectField } from "./field.ts";
import { columnText, TEXT_COLUMN } from "./text-storage.ts";

type MultiValueField = SelectField | RelationField | FileField;

/** A field that holds one value keeps the last text. @param texts each once */
const toValue = (field: MultiValueField, texts: readonly string[]): FieldValue =>
  isMultiple(field) ? texts : (texts.at(-1) ?? "");

/** How the kinds that hold one text or a list of texts store and modify them. */
export const multiValueStorage = {
  column: (field: MultiValueField): string => (isMultiple(field) ? "JSON DEFAULT '[]' NOT NULL" : TEXT_COLUMN),
  zero: (field: MultiValueField): FieldValue => toValue(field, []),
  normalise: (field: MultiValueField, input: unknown): FieldValue => toValue(field, toTexts(input)),
  fromColumn: (field: MultiValueField, stored: SqlValue): FieldValue => toValue(field, toTexts(columnText(stored))),
  toColumn: (field: MultiValueField, value: FieldValue): SqlValue => {
    const settled = toValue(field, toTexts(value));
    return typeof settled === "string" ? settled : JSON.stringify(settled);
  },
  modifiers: {
    append: (field: MultiValueField, current: FieldValue, input: unknown): FieldValue =>
      toValue(field, toTexts([...toTexts(current), ...toTexts(input)])),
    prepend: (field: MultiValueField, current: FieldValue, input: unknown): FieldValue =>
      toValue(field, toTexts([...toTexts(input), ...toTexts(current)])),
    remove: (field: MultiValueField, current: FieldValue, input: unknown): FieldValue => {
      const removed = new Set(toTexts(input));
      return toValue(
        field,
        toTexts(current).filter((text) => !removed.has(text)),
      );
    },
  },
};

/** The maximum number of values in a field. */
export const maxValues = (field: MultiValueField): number => Math.max(field.maxSelect, 1);
