import { toBool } from "../../lib/text/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import type { FieldKind } from "./field-kind.ts";
import { columnText } from "./text-storage.ts";

export const boolKind: FieldKind<"bool"> = {
  type: "bool",
  parse: () => ({}),
  column: () => "BOOLEAN DEFAULT FALSE NOT NULL",
  zero: () => false,
  normalise: (_field, input) => toBool(input),
  fromColumn: (_field, stored) => toBool(columnText(stored)),
  toColumn: (_field, value) => (toBool(value) ? 1 : 0),
  check: (field, value) => (field.required && value !== true ? REQUIRED : undefined),
};
