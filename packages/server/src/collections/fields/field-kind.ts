import type { ErrorData, FieldValue, ValidationError } from "@headwater/protocol";
import type { SqlValue } from "../../store/sql.ts";
import type { Raw } from "./decode-json.ts";
import type { Field, FieldOf, FieldType, OptionsOf } from "./field.ts";

/** The part of a collection that the checks of its fields read. */
interface FieldOwner {
  readonly id: string;
  readonly type: "base" | "auth" | "view";
  readonly fields: readonly Field[];
}

/** What a field's options are checked against. */
export interface OptionContext {
  /** The collection as submitted. */
  readonly collection: FieldOwner;
  /** The collection as stored; `undefined` for a new one. */
  readonly original: FieldOwner | undefined;
  readonly schema: { readonly collections: readonly FieldOwner[] };
}

/** What was found wrong, by option. */
export type OptionProblems = Readonly<Record<string, ValidationError | ErrorData | undefined>>;

/** How one kind of field is stored, read, written and checked. One file a kind; `kinds.ts` lists them. */
export interface FieldKind<Type extends FieldType = FieldType> {
  readonly type: Type;

  /**
   * Reads the options of a field object, as stored or as submitted; what is missing gets its zero value.
   * @throws ApiError 400 for an option of the wrong JSON type
   */
  parse(raw: Raw): OptionsOf<Type>;
  /** Checks the options themselves; what all fields have is checked elsewhere. */
  checkOptions?(field: FieldOf<Type>, context: OptionContext): OptionProblems;

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
    append?(field: FieldOf<Type>, current: FieldValue, input: unknown): FieldValue;
    prepend?(field: FieldOf<Type>, current: FieldValue, input: unknown): FieldValue;
    remove?(field: FieldOf<Type>, current: FieldValue, input: unknown): FieldValue;
  };
}
