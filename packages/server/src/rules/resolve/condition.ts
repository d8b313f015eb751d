import type { AuthCollection, Collection } from "../../collections/model/collection.ts";
import type { FieldType, FileField, RelationField, SelectField } from "../../collections/fields/field.ts";
import type { MacroName } from "../syntax/macros.ts";
import type { RuleError } from "../syntax/rule-error.ts";
import type { Operator } from "../syntax/syntax-tree.ts";

/**
 * A rule whose names are resolved: what it asks, and nothing about how the answer is found. Two compilers read it, one
 * to SQL and one to a predicate over records in memory.
 */
export type Condition = Comparison | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] };

export interface Comparison {
  readonly kind: "comparison";
  readonly left: Operand;
  readonly operator: Operator;
  /** Of an operand with many values, one match is enough; else all must match, and there must be one. */
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
  /** First the part of the request (context, method, query, headers, body or auth), then keys of maps, indexes of lists. */
  readonly path: readonly string[];
  /**
   * `value`: as it is; `number`: a text that reads as a number is one; `json`: JSON text; `text`: loosely as text, a
   * missing one is ""; `isset`: is it there; `length`: how many items.
   */
  readonly reading: "value" | "number" | "json" | "text" | "isset" | "length";
  readonly lower: boolean;
}

/** A value of the record, or of one that a path of steps leads to. */
export interface FieldOperand {
  readonly kind: "field";
  /** Empty for the record's own fields. */
  readonly steps: readonly Step[];
  readonly access: Access;
  /** An email that a client asks for: matches only where the same record shows its email to all. */
  readonly publicEmail: boolean;
}

/** One step of a path: from a record to none, one or many of another collection. */
export type Step = StepBase &
  (
    | { readonly kind: "relation"; readonly field: RelationField }
    /** To the records whose `field` refers to this one. */
    | { readonly kind: "backRelation"; readonly field: RelationField }
    /** To every record of the collection, whatever the record at hand. */
    | { readonly kind: "collection" }
    /** To the record of who asks, as it is stored now. */
    | { readonly kind: "auth"; readonly collection: AuthCollection }
    /** To the records whose ids the request's body has for `field`. */
    | { readonly kind: "body"; readonly field: RelationField }
  );

interface StepBase {
  /** Where it leads. */
  readonly collection: Collection;
  /** May lead to more than one record. */
  readonly many: boolean;
  /** Equal steps from the same record mean the same related record within a query. */
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
  /** The path's parts are keys, or indexes when they are all digits; an empty path is the whole value. */
  | { readonly kind: "json"; readonly column: Column; readonly path: readonly string[]; readonly lower: boolean }
  | { readonly kind: "length"; readonly column: Column }
  | { readonly kind: "each"; readonly column: Column };

/** `@request.body.<field>:each`: the submitted items, one by one. */
export interface BodyItems {
  readonly kind: "bodyItems";
  readonly field: ListField;
}

/** `@request.body.<relation>.…`: NULL when no ids were submitted, else what the path leads to. */
export interface BodyRelation {
  readonly kind: "bodyRelation";
  readonly field: RelationField;
  /** An error counts only when ids were submitted. */
  readonly target: Operand | RuleError;
}

/** `@request.body.<field>:changed`: submitted, and different from what is stored. */
export interface FieldChange {
  readonly kind: "changed";
  readonly isset: RequestOperand;
  readonly submitted: RequestOperand;
  readonly stored: Operand;
}

/** Kilometres between two points. One match is enough, whatever the operator. */
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
