import { type Sql, sql, verbatim } from "../../store/sql.ts";
import type { RuleValue } from "../resolve/request-value.ts";
import type { Operator } from "../syntax/syntax-tree.ts";

/** One side of a comparison in SQL, with the properties that decide how it is compared. */
export interface Term {
  readonly sql: Sql;
  /** The values bound in it; empty if it consists of columns. */
  readonly values: readonly Exclude<RuleValue, null>[];
  /**
   * `plain`: NULL equals "". `exact`: they differ (json values). `computed`: it may be NULL even if its values are not.
   */
  readonly nulls: "plain" | "exact" | "computed";
  /** The constant NULL. */
  readonly isNull: boolean;
  /** Known to be neither NULL nor "", although it binds no value. */
  readonly isFilled: boolean;
}

/** Compares two terms, one value with one value. */
export function compareTerms(left: Term, operator: Operator, right: Term): Sql {
  switch (operator) {
    case "=":
      return equal(left, right);
    case "!=":
      return notEqual(left, right);
    case "~":
      return sql`${left.sql} LIKE ${pattern(right)} ESCAPE '\\'`;
    case "!~":
      return sql`${left.sql} NOT LIKE ${pattern(right)} ESCAPE '\\'`;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return sql`${left.sql} ${verbatim(operator)} ${right.sql}`;
  }
}

/** A value was already bound as a pattern; a column is turned into one here. */
const pattern = (right: Term): Sql => (right.values.length > 0 ? right.sql : sql`('%' || ${right.sql} || '%')`);

const EMPTY_TEXT = sql`''`;

function equal(left: Term, right: Term): Sql {
  if (isExact(left, right)) return sql`${left.sql} IS ${right.sql}`;
  if (isEmpty(left) && isEmpty(right)) return sql`TRUE`;
  if (isFilled(left) || isFilled(right)) return sql`${emptied(left)} = ${emptied(right)}`;
  const other = isEmpty(left) ? right : left;
  // COALESCE could not use an index.
  if (isEmpty(left) || isEmpty(right)) return sql`(${other.sql} = '' OR ${other.sql} IS NULL)`;
  return sql`COALESCE(${left.sql}, '') = COALESCE(${right.sql}, '')`;
}

/** Uses `IS NOT`, because `!=` with a NULL is NULL, and a row without a value differs from every value. */
function notEqual(left: Term, right: Term): Sql {
  if (isExact(left, right)) return sql`${left.sql} IS NOT ${right.sql}`;
  if (isEmpty(left) && isEmpty(right)) return sql`FALSE`;
  if (isFilled(left) || isFilled(right)) return sql`${emptied(left)} IS NOT ${emptied(right)}`;
  const other = isEmpty(left) ? right : left;
  if (isEmpty(left) || isEmpty(right)) return sql`(${other.sql} IS NOT '' AND ${other.sql} IS NOT NULL)`;
  return sql`COALESCE(${left.sql}, '') IS NOT COALESCE(${right.sql}, '')`;
}

const isExact = (left: Term, right: Term): boolean => left.nulls === "exact" || right.nulls === "exact";

const isEmpty = ({ isNull, nulls, values }: Term): boolean =>
  isNull || (nulls === "plain" && values.length === 1 && values[0] === "");

const isFilled = (term: Term): boolean =>
  term.nulls !== "computed" && (term.isFilled || (term.values.length > 0 && !term.values.includes("")));

const emptied = (term: Term): Sql => (isEmpty(term) ? EMPTY_TEXT : term.sql);
