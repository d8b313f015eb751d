import type { ErrorData, FieldValue, ValidationError } from "@headwater/protocol";
import type { SqlValue } from "../../store/sql.ts";
import type { FieldOf, FieldType } from "./field.ts";

/** How one kind of field is stored, read, written and checked. One file a kind; `kinds.ts` lists them. */
export interface FieldKind<Type extends FieldType = FieldType> {
  readonly type: Type;

  /** Reads the options of a field object, as stored or as submitted; what is missing gets its zero value. */
  parse(
    raw: Readonly<Record<string, unknown>>,
  ): Omit<FieldOf<Type>, "id" | "name" | "type" | "system" | "hidden" | "presentable" | "help" | "required">;
  /** Checks the options themselves; the answer is keyed by option. */
  checkOptions(field: FieldOf<Type>): ErrorData | undefined;

  /** The column's definition without its name, PocketBase's text to the letter. */
  column(field: FieldOf<Type>): string;
  /** The value of a record that never set it. */
  zero(field: FieldOf<Type>): FieldValue;
  /** Client input to the normal form. Never throws: what can't be read becomes the zero value, as in PocketBase. */
  normalise(field: FieldOf<Type>, input: unknown): FieldValue;
  /** A column's content to the normal form; old databases hold looser content, `null` included. */
  fromColumn(field: FieldOf<Type>, stored: SqlValue): FieldValue;
  toColumn(field: FieldOf<Type>, value: FieldValue): SqlValue;
  /** Checks a value by the field's options alone; what needs the database is checked by the records verbs. */
  check(field: FieldOf<Type>, value: FieldValue): ValidationError | undefined;

  /** `name+`: append or add. `+name`: prepend. `name-`: remove or subtract. Missing where the kind has none. */
  readonly modifiers?: {
    readonly append?: (field: FieldOf<Type>, current: FieldValue, input: unknown) => FieldValue;
    readonly prepend?: (field: FieldOf<Type>, current: FieldValue, input: unknown) => FieldValue;
    readonly remove?: (field: FieldOf<Type>, current: FieldValue, input: unknown) => FieldValue;
  };
}
