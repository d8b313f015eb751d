import { type Sql, sql } from "../../store/sql.ts";
import type { Comparison, Condition, Operand } from "../resolve/condition.ts";
import { compareTerms } from "./compare-terms.ts";
import { type Bind, bind, bindPattern } from "./bind.ts";
import { isMany, noPairFails, type Side } from "./multi-match.ts";
import { joinPath } from "./join-path.ts";
import type { StatementContext } from "./statement-context.ts";
import { resolveBodyRelation, toTerm } from "./operand-term.ts";

/**
 * Compiles a condition to a boolean expression, and adds the joins that it needs.
 *
 * @throws RuleError for a path through submitted ids that can't be resolved
 */
export function conditionSql(condition: Condition, statement: StatementContext): Sql {
  if (condition.kind === "comparison") return comparisonSql(condition, statement);
  const parts = condition.parts.map((part) => conditionSql(part, statement));
  return sql`(${sql.join(parts, condition.kind === "and" ? " AND " : " OR ")})`;
}

function comparisonSql(comparison: Comparison, statement: StatementContext): Sql {
  const { operator } = comparison;
  const isLike = operator === "~" || operator === "!~";
  const left = side(comparison.left, statement, bind);
  const right = side(comparison.right, statement, isLike && !isMany(comparison.right) ? bindPattern : bind);

  const parts = [compareTerms(left.term, operator, right.term)];
  if (!comparison.any && (isMany(left.operand) || isMany(right.operand))) {
    parts.push(noPairFails(left, operator, right, statement));
  }
  for (const { operand } of [left, right]) {
    if (operand.kind !== "field" || !operand.publicEmail) continue;
    parts.push(sql`${sql.id(joinPath(operand.steps, statement).alias, "emailVisibility")} = TRUE`);
  }
  return parts.length === 1 ? parts[0]! : sql`(${sql.join(parts, AND)})`;
}

const AND = " AND ";

function side(operand: Operand, statement: StatementContext, bindValue: Bind): Side {
  const resolved = resolveBodyRelation(operand, statement);
  // `comparisonSql` requires that the email is public.
  const read = resolved.kind === "field" && resolved.publicEmail ? { ...resolved, publicEmail: false } : resolved;
  return { operand: resolved, term: toTerm(read, statement, bindValue) };
}
