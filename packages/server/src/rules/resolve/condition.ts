import type { AuthCollection, Collection } from "../../collections/model/collection.ts";
import type { FieldType, FileField, RelationField, SelectField } from "../../collections/fields/field.ts";
import type { MacroName } from "../syntax/macros.ts";
import type { RuleError } from "../syntax/rule-error.ts";
import type { Operator } from "../syntax/syntax-tree.ts";

/**
 * A rule with its names resolved, independent of how it is evaluated. Two compilers read it: one to SQL, one to a
 * predicate over records in memory.
 */
export type Condition = Comparison | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] };

export interface Comparison {
  readonly kind: "comparison";
  readonly left: Operand;
  readonly operator: Operator;
  /** For an operand with many values, one match is enough; otherwise all must match, and there must be at least one. */
  readonly any: boolean;
  readonly right: Operand;
}

export type Operand =
  | { readonly kind: "literal"; readonly value: string | number }
  | { readonly kind: "constant"; readonly value: null | boolean }
  | { readonly kind: "macro"; readonly name: MacroName }
  | RequestOperand
  | FieldOperand
  | BodyItems
  | BodyRelation
  | FieldChange
  | GeoDistance
  | Strftime;

/** A value of the request itself. */
export interface RequestOperand {
  readonly kind: "request";
  /**
   * The part of the request (context, method, query, headers, body or auth), then keys of maps and indexes of lists.
   */
  readonly path: readonly string[];
  /**
   * `value`: unchanged; `number`: numeric text becomes a number; `json`: JSON text; `text`: converted to text, "" if
   * missing; `isset`: whether it is present; `length`: the number of items.
   */
  readonly reading: "value" | "number" | "json" | "text" | "isset" | "length";
  readonly lower: boolean;
}

/** A value of the record, or of a record that the steps lead to. */
export interface FieldOperand {
  readonly kind: "field";
  /** Empty for the record's own fields. */
  readonly steps: readonly Step[];
  readonly access: Access;
  /** An email in a client's filter: matches only records whose email is public. */
  readonly publicEmail: boolean;
}

/** One step of a path: from a record to zero or more records of another collection. */
export type Step = StepBase &
  (
    | { readonly kind: "relation"; readonly field: RelationField }
    /** To the records whose `field` refers to this one. */
    | { readonly kind: "backRelation"; readonly field: RelationField }
    /** To every record of the collection, independent of the current record. */
    | { readonly kind: "collection" }
    /** To the requester's record as currently stored. */
    | { readonly kind: "auth"; readonly collection: AuthCollection }
    /** To the records whose ids the request body holds in `field`. */
    | { readonly kind: "body"; readonly field: RelationField }
  );

interface StepBase {
  /** The collection that the step leads to. */
  readonly collection: Collection;
  /** May lead to more than one record. */
  readonly many: boolean;
  /** Within a query, equal keys from the same record mean the same related record. */
  readonly key: string;
}

/** A field of a kind that can hold a list. */
export type ListField = SelectField | FileField | RelationField;

export interface Column {
  readonly name: string;
  readonly type: FieldType;
  /** Holds a list. */
  readonly multiple: boolean;
}

export type Access =
  | { readonly kind: "column"; readonly column: Column; readonly lower: boolean }
  /** Each part of the path is a key, or an index if it is all digits; an empty path is the whole value. */
  | { readonly kind: "json"; readonly column: Column; readonly path: readonly string[]; readonly lower: boolean }
  | { readonly kind: "length"; readonly column: Column }
  | { readonly kind: "each"; readonly column: Column };

/** `@request.body.<field>:each`: the submitted items, one by one. */
export interface BodyItems {
  readonly kind: "bodyItems";
  readonly field: ListField;
}

/** `@request.body.<relation>.…`: NULL if no ids were submitted, otherwise the operand that the path leads to. */
export interface BodyRelation {
  readonly kind: "bodyRelation";
  readonly field: RelationField;
  /** An error is thrown only if ids were submitted. */
  readonly operand: Operand | RuleError;
}

/** `@request.body.<field>:changed`: submitted, and different from the stored value. */
export interface FieldChange {
  readonly kind: "changed";
  readonly isset: RequestOperand;
  readonly submitted: RequestOperand;
  readonly stored: Operand;
}

/** The distance between two points in kilometres. One match is enough, whatever the operator. */
export interface GeoDistance {
  readonly kind: "geoDistance";
  /** lonA, latA, lonB, latB. */
  readonly points: readonly [Operand, Operand, Operand, Operand];
}

export interface Strftime {
  readonly kind: "strftime";
  readonly format: string;
  readonly time: Operand | undefined;
  readonly modifiers: readonly string[];
}
