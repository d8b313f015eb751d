import type { ErrorData, FieldValue, ValidationError } from "@headwater/protocol";
import type { SqlValue } from "../../store/sql.ts";
import type { JsonObject } from "./decode-json.ts";
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

/** The problems found, by option. */
export type OptionProblems = Readonly<Record<string, ValidationError | ErrorData | undefined>>;

/**
 * How one kind of field is stored, read, written and checked. Each kind has its own file; `field-kinds.ts` lists them.
 */
export interface FieldKind<Type extends FieldType = FieldType> {
  readonly type: Type;

  /**
   * Reads the options of a field object, as stored or as submitted. A missing option gets its zero value.
   *
   * @throws ApiError 400 for an option of the wrong JSON type
   */
  parse(raw: JsonObject): OptionsOf<Type>;
  /** Checks the kind's own options; `check-field.ts` checks the common ones. */
  checkOptions?(field: FieldOf<Type>, context: OptionContext): OptionProblems;

  /** The column definition without its name, exactly as PocketBase writes it. */
  column(field: FieldOf<Type>): string;
  /** The value of a record that has none. */
  zero(field: FieldOf<Type>): FieldValue;
  /**
   * Converts client input to the normal form. Never throws: unreadable input becomes the zero value, as in PocketBase.
   */
  normalise(field: FieldOf<Type>, input: unknown): FieldValue;
  /** Converts a column's content to the normal form. Old databases hold looser content, including NULL. */
  fromColumn(field: FieldOf<Type>, stored: SqlValue): FieldValue;
  toColumn(field: FieldOf<Type>, value: FieldValue): SqlValue;
  /** Checks a value against the field's options. Checks that need the database run when a record is written. */
  check(field: FieldOf<Type>, value: FieldValue): ValidationError | undefined;

  /** `name+`: append or add. `+name`: prepend. `name-`: remove or subtract. Absent if the kind has no modifiers. */
  readonly modifiers?: {
    append?(field: FieldOf<Type>, current: FieldValue, input: unknown): FieldValue;
    prepend?(field: FieldOf<Type>, current: FieldValue, input: unknown): FieldValue;
    remove?(field: FieldOf<Type>, current: FieldValue, input: unknown): FieldValue;
  };
}
