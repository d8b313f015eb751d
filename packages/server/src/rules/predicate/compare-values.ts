import type { Operator } from "../syntax/syntax-tree.ts";
import { type Conversion, isNull, numericOf, order, type Scalar, textOf } from "./scalar.ts";

/** What a comparison must know of an operand besides its value: the counterpart of a term in SQL. */
export interface Trait {
  readonly affinity: "none" | "blob" | "text" | "numeric";
  /** Its numbers are floats; else the whole ones are integers. */
  readonly floats: boolean;
  /** `exact`: NULL and "" are two values, also for the other side. */
  readonly nulls: "plain" | "exact";
  /** `bound`: as a value is it says whether it is empty; `filled`: never empty; `count`: known to be filled if 0 or 1. */
  readonly origin: "column" | "bound" | "filled" | "count";
}

/** The answer to one value beside one value; `null` is SQL's NULL. */
export type Compare = (left: Scalar, right: Scalar) => boolean | null;

/** The comparison of two operands by all operators but LIKE, as `compareTerms` has it in SQL. */
export function comparer(left: Trait, operator: Exclude<Operator, "~" | "!~">, right: Trait): Compare {
  const convert = conversionOf(left, right);
  switch (operator) {
    case "=":
      return (a, b) => equal(left, a, right, b, convert);
    case "!=":
      return (a, b) => !same(left, a, right, b, convert);
    case "<":
      return (a, b) => test(compare(left, a, right, b, convert), (sign) => sign < 0);
    case "<=":
      return (a, b) => test(compare(left, a, right, b, convert), (sign) => sign <= 0);
    case ">":
      return (a, b) => test(compare(left, a, right, b, convert), (sign) => sign > 0);
    case ">=":
      return (a, b) => test(compare(left, a, right, b, convert), (sign) => sign >= 0);
  }
}

const test = (sign: number | null, holds: (sign: number) => boolean): boolean | null =>
  sign === null ? null : holds(sign);

function equal(left: Trait, a: Scalar, right: Trait, b: Scalar, convert: Conversion): boolean | null {
  const isPlain = left.nulls === "plain" && right.nulls === "plain";
  if (isPlain && (isFilled(left, a) || isFilled(right, b))) {
    // `=` beside a NULL of a column is NULL, where that of a value has become "".
    if ((isNull(a) && !isEmpty(left, a)) || (isNull(b) && !isEmpty(right, b))) return null;
  }
  return same(left, a, right, b, convert);
}

/** Equal, NULL being a value like others; where NULL and "" are one, they are. */
function same(left: Trait, a: Scalar, right: Trait, b: Scalar, convert: Conversion): boolean {
  if (left.nulls === "exact" || right.nulls === "exact") return identical(left, a, right, b, convert);
  if (isFilled(left, a) || isFilled(right, b)) {
    return identical(left, isEmpty(left, a) ? "" : a, right, isEmpty(right, b) ? "" : b, convert);
  }
  if (isEmpty(left, a)) return isEmpty(right, b) || isBlank(b);
  if (isEmpty(right, b)) return isBlank(a);
  // COALESCE has no affinity.
  return identical(left, isNull(a) ? "" : a, right, isNull(b) ? "" : b, "none");
}

function identical(left: Trait, a: Scalar, right: Trait, b: Scalar, convert: Conversion): boolean {
  if (isNull(a) || isNull(b)) return isNull(a) && isNull(b);
  return compare(left, a, right, b, convert) === 0;
}

function compare(left: Trait, a: Scalar, right: Trait, b: Scalar, convert: Conversion): number | null {
  if (isNull(a) || isNull(b)) return null;
  switch (convert) {
    case "none":
      return order(a, b);
    case "numeric":
      return order(numericOf(a), numericOf(b));
    case "text":
      return order(textOf(a, left.floats), textOf(b, right.floats));
  }
}

/** SQLite's rule: a number's side makes the other a number; a text's side only what is no column makes a text. */
function conversionOf({ affinity: left }: Trait, { affinity: right }: Trait): Conversion {
  if (left === "numeric" || right === "numeric") return "numeric";
  return (left === "text" && right === "none") || (left === "none" && right === "text") ? "text" : "none";
}

const isEmpty = ({ origin }: Trait, value: Scalar): boolean => origin === "bound" && isBlank(value);

const isBlank = (value: Scalar): boolean => value === null || value === "";

function isFilled({ origin }: Trait, value: Scalar): boolean {
  if (origin === "bound") return !isBlank(value);
  return origin === "filled" || (origin === "count" && (value === 0n || value === 1n));
}
