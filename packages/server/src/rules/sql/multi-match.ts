import { type Sql, sql } from "../../store/sql.ts";
import type { Operand } from "../resolve/condition.ts";
import { compareTerms, type Term } from "./compare-terms.ts";
import type { Operator } from "../syntax/syntax-tree.ts";
import { JoinList } from "./join-list.ts";
import type { Target } from "./statement-context.ts";
import { bind } from "./bind.ts";
import { toTerm } from "./operand-term.ts";

/** An operand with its term in the statement. */
export interface Side {
  readonly operand: Operand;
  readonly term: Term;
}

/** May the operand have more than one value for one record? */
export function isMany(operand: Operand): boolean {
  if (operand.kind === "bodyItems") return operand.field.maxSelect > 1;
  if (operand.kind === "strftime") return operand.time !== undefined && isMany(operand.time);
  if (operand.kind !== "field") return false;
  const { steps, access } = operand;
  return steps.some(({ many }) => many) || (access.kind === "each" && access.column.multiple);
}

/**
 * No value of the sides with many breaks the comparison; when both have many, no pair does. One that is NULL breaks
 * nothing.
 */
export function noneBreaks(left: Side, operator: Operator, right: Side, target: Target): Sql {
  // Lists of their own: two sides on one path are all pairs of its values.
  const lists = [new JoinList(target.joins.names), new JoinList(target.joins.names)] as const;
  const comparison = compareTerms(innerTerm(left, lists[0], target), operator, innerTerm(right, lists[1], target));
  // The one-row table keeps a record that has no value at all: it counts as one NULL.
  const values = sql`(SELECT 1) AS "one"${lists[0].toSql()}${lists[1].toSql()}`;
  return sql`NOT EXISTS (SELECT 1 FROM ${values} WHERE NOT (${comparison}))`;
}

/** PocketBase compares the values of a subquery, of which it no longer knows what they are made of. */
function innerTerm({ operand, term }: Side, inner: JoinList, target: Target): Term {
  if (!isMany(operand)) return { ...term, nulls: "plain" };
  return { ...toTerm(operand, { ...target, inner }, bind), values: [], isFilled: false };
}
