import type { FieldValue } from "@headwater/protocol";
import { toTexts } from "../../lib/coerce.ts";
import type { SqlValue } from "../../store/sql.ts";
import { type FileField, isMultiple, type RelationField, type SelectField } from "./field.ts";
import { columnText, TEXT_COLUMN } from "./text-storage.ts";

type OneOrMany = SelectField | RelationField | FileField;

/** A field for one value keeps the last of several. */
const settle = (field: OneOrMany, texts: readonly string[]): FieldValue =>
  isMultiple(field) ? [...new Set(texts)] : (texts.at(-1) ?? "");

/** How the kinds that hold one text or a list of texts store and change them. */
export const oneOrMany = {
  column: (field: OneOrMany): string => (isMultiple(field) ? "JSON DEFAULT '[]' NOT NULL" : TEXT_COLUMN),
  zero: (field: OneOrMany): FieldValue => settle(field, []),
  normalise: (field: OneOrMany, input: unknown): FieldValue => settle(field, toTexts(input)),
  fromColumn: (field: OneOrMany, stored: SqlValue): FieldValue => settle(field, toTexts(columnText(stored))),
  toColumn: (field: OneOrMany, value: FieldValue): SqlValue => {
    const settled = settle(field, toTexts(value));
    return typeof settled === "string" ? settled : JSON.stringify(settled);
  },
  modifiers: {
    append: (field: OneOrMany, current: FieldValue, input: unknown): FieldValue =>
      settle(field, [...toTexts(current), ...toTexts(input)]),
    prepend: (field: OneOrMany, current: FieldValue, input: unknown): FieldValue =>
      settle(field, [...toTexts(input), ...toTexts(current)]),
    remove: (field: OneOrMany, current: FieldValue, input: unknown): FieldValue => {
      const removed = new Set(toTexts(input));
      return settle(
        field,
        toTexts(current).filter((text) => !removed.has(text)),
      );
    },
  },
};

/** How many values a field may hold. */
export const selectLimit = (field: OneOrMany): number => Math.max(field.maxSelect, 1);
