import { type Sql, sql, verbatim } from "../../store/sql.ts";
import type { Comparison, Condition, Operand } from "../resolve/condition.ts";
import { compareTerms } from "./compare-terms.ts";
import { type Bind, bind, bindPattern } from "./bind.ts";
import { isMany, noneBreaks, type Side } from "./multi-match.ts";
import { reach } from "./join-path.ts";
import type { Target } from "./statement-context.ts";
import { settle, toTerm } from "./operand-term.ts";

/**
 * Compiles a condition to a boolean expression, and joins what it needs to the target.
 *
 * @throws RuleError for a path through submitted ids that can't be resolved
 */
export function conditionSql(condition: Condition, target: Target): Sql {
  if (condition.kind === "comparison") return comparisonSql(condition, target);
  const parts = condition.parts.map((part) => conditionSql(part, target));
  return sql`(${sql.join(parts, verbatim(condition.kind === "and" ? " AND " : " OR "))})`;
}

function comparisonSql(comparison: Comparison, target: Target): Sql {
  const { operator } = comparison;
  const isLike = operator === "~" || operator === "!~";
  const left = side(comparison.left, target, bind);
  const right = side(comparison.right, target, isLike && !isMany(comparison.right) ? bindPattern : bind);

  const parts = [compareTerms(left.term, operator, right.term)];
  if (!comparison.any && (isMany(left.operand) || isMany(right.operand))) {
    parts.push(noneBreaks(left, operator, right, target));
  }
  for (const { operand } of [left, right]) {
    if (operand.kind !== "field" || !operand.publicEmail) continue;
    parts.push(sql`${sql.id(reach(operand.steps, target).alias, "emailVisibility")} = TRUE`);
  }
  return parts.length === 1 ? parts[0]! : sql`(${sql.join(parts, AND)})`;
}

const AND = sql` AND `;

function side(operand: Operand, target: Target, bindValue: Bind): Side {
  const settled = settle(operand, target);
  return { operand: settled, term: toTerm(settled, target, bindValue) };
}
