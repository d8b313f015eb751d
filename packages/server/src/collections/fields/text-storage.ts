import type { FieldValue } from "@headwater/protocol";
import { toText } from "../../lib/text/coerce.ts";
import type { SqlValue } from "../../store/sql.ts";

export const TEXT_COLUMN = "TEXT DEFAULT '' NOT NULL";

/** A column's content as text, which is how PocketBase reads every column; NULL is "". */
export const columnText = (stored: SqlValue): string =>
  stored instanceof Uint8Array ? new TextDecoder().decode(stored) : toText(stored);

/** How the kinds that hold one text store it. */
export const textStorage = {
  column: (): string => TEXT_COLUMN,
  zero: (): FieldValue => "",
  normalise: (_field: unknown, input: unknown): FieldValue => toText(input),
  fromColumn: (_field: unknown, stored: SqlValue): FieldValue => columnText(stored),
  toColumn: (_field: unknown, value: FieldValue): SqlValue => toText(value),
};
