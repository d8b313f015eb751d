import type { Operator } from "../syntax/syntax-tree.ts";
import { type Conversion, isNull, toNumeric, compareScalars, type Scalar, scalarText } from "./scalar.ts";

/** The properties of an operand that decide how its value is compared: the counterpart of `Term` in SQL. */
export interface OperandTraits {
  readonly affinity: "none" | "blob" | "text" | "numeric";
  /** Whether all its numbers are floats; otherwise whole numbers are integers. */
  readonly floats: boolean;
  /** `plain`: NULL equals "". `exact`: they differ, also on the other side. */
  readonly nulls: "plain" | "exact";
  /**
   * `bound`: the value itself decides whether it is empty; `filled`: never empty; `count`: known not to be empty if 0
   * or 1.
   */
  readonly origin: "column" | "bound" | "filled" | "count";
}

/** Compares one value with one value; `null` is SQL's NULL. */
export type Compare = (left: Scalar, right: Scalar) => boolean | null;

/** Compiles a comparison with any operator except LIKE, as `compareTerms` does in SQL. */
export function compileComparison(
  left: OperandTraits,
  operator: Exclude<Operator, "~" | "!~">,
  right: OperandTraits,
): Compare {
  const conversion = conversionOf(left, right);
  switch (operator) {
    case "=":
      return (a, b) => equal(left, a, right, b, conversion);
    case "!=":
      return (a, b) => !same(left, a, right, b, conversion);
    case "<":
      return (a, b) => test(compare(left, a, right, b, conversion), (sign) => sign < 0);
    case "<=":
      return (a, b) => test(compare(left, a, right, b, conversion), (sign) => sign <= 0);
    case ">":
      return (a, b) => test(compare(left, a, right, b, conversion), (sign) => sign > 0);
    case ">=":
      return (a, b) => test(compare(left, a, right, b, conversion), (sign) => sign >= 0);
  }
}

const test = (sign: number | null, holds: (sign: number) => boolean): boolean | null =>
  sign === null ? null : holds(sign);

function equal(
  left: OperandTraits,
  a: Scalar,
  right: OperandTraits,
  b: Scalar,
  conversion: Conversion,
): boolean | null {
  const isPlain = left.nulls === "plain" && right.nulls === "plain";
  if (isPlain && (isFilled(left, a) || isFilled(right, b))) {
    // `=` with a column's NULL is NULL; a bound NULL has become "".
    if ((isNull(a) && !isEmpty(left, a)) || (isNull(b) && !isEmpty(right, b))) return null;
  }
  return same(left, a, right, b, conversion);
}

/** Equality that never is NULL: NULL equals NULL, and "" if both sides are plain. */
function same(left: OperandTraits, a: Scalar, right: OperandTraits, b: Scalar, conversion: Conversion): boolean {
  if (left.nulls === "exact" || right.nulls === "exact") return identical(left, a, right, b, conversion);
  if (isFilled(left, a) || isFilled(right, b)) {
    return identical(left, isEmpty(left, a) ? "" : a, right, isEmpty(right, b) ? "" : b, conversion);
  }
  if (isEmpty(left, a)) return isEmpty(right, b) || isBlank(b);
  if (isEmpty(right, b)) return isBlank(a);
  // COALESCE has no affinity.
  return identical(left, isNull(a) ? "" : a, right, isNull(b) ? "" : b, "none");
}

function identical(left: OperandTraits, a: Scalar, right: OperandTraits, b: Scalar, conversion: Conversion): boolean {
  if (isNull(a) || isNull(b)) return isNull(a) && isNull(b);
  return compare(left, a, right, b, conversion) === 0;
}

function compare(
  left: OperandTraits,
  a: Scalar,
  right: OperandTraits,
  b: Scalar,
  conversion: Conversion,
): number | null {
  if (isNull(a) || isNull(b)) return null;
  switch (conversion) {
    case "none":
      return compareScalars(a, b);
    case "numeric":
      return compareScalars(toNumeric(a), toNumeric(b));
    case "text":
      return compareScalars(scalarText(a, left.floats), scalarText(b, right.floats));
  }
}

/** SQLite's rules: a numeric side converts the other to a number; a text side converts only a side without affinity. */
function conversionOf({ affinity: left }: OperandTraits, { affinity: right }: OperandTraits): Conversion {
  if (left === "numeric" || right === "numeric") return "numeric";
  return (left === "text" && right === "none") || (left === "none" && right === "text") ? "text" : "none";
}

const isEmpty = ({ origin }: OperandTraits, value: Scalar): boolean => origin === "bound" && isBlank(value);

const isBlank = (value: Scalar): boolean => value === null || value === "";

function isFilled({ origin }: OperandTraits, value: Scalar): boolean {
  if (origin === "bound") return !isBlank(value);
  return origin === "filled" || (origin === "count" && (value === 0n || value === 1n));
}
