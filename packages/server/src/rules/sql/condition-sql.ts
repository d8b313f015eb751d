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
  if (condition.kind === "comparison") {
    const parts = comparisonParts(condition, statement);
    return parts.length === 1 ? parts[0]!.sql : sql`(${sql.join(parts.map(sqlOf), AND)})`;
  }
  const parts = condition.parts.map((part) => conditionSql(part, statement));
  return sql`(${sql.join(parts, condition.kind === "and" ? AND : " OR ")})`;
}

/** One of several conditions that must all hold. */
export interface Conjunct {
  readonly sql: Sql;
  /** Whether it reads rows that the statement joins, and not only the record and what its own subqueries find. */
  readonly readsJoins: boolean;
}

/** The same in parts, so that each can stand where it costs least. */
export function conjunctsSql(condition: Condition, statement: StatementContext): readonly Conjunct[] {
  if (condition.kind === "and") return condition.parts.flatMap((part) => conjunctsSql(part, statement));
  if (condition.kind === "comparison") return comparisonParts(condition, statement);
  const { built, readsJoins } = traced(statement, () => conditionSql(condition, statement));
  return [{ sql: built, readsJoins }];
}

function comparisonParts(comparison: Comparison, statement: StatementContext): readonly Conjunct[] {
  const { operator } = comparison;
  const isLike = operator === "~" || operator === "!~";
  const left = traced(statement, () => side(comparison.left, statement, bind));
  const bindRight = isLike && !isMany(comparison.right) ? bindPattern : bind;
  const right = traced(statement, () => side(comparison.right, statement, bindRight));
  const sides = [left, right];

  const compared = compareTerms(left.built.term, operator, right.built.term);
  const parts: Conjunct[] = [{ sql: compared, readsJoins: left.readsJoins || right.readsJoins }];
  if (!comparison.any && sides.some(({ built }) => isMany(built.operand))) {
    const inner = traced(statement, () => noPairFails(left.built, operator, right.built, statement));
    // The term of a side with one value stays as it is.
    const outer = sides.some(({ built, readsJoins }) => readsJoins && !isMany(built.operand));
    parts.push({ sql: inner.built, readsJoins: inner.readsJoins || outer });
  }
  for (const { built } of sides) {
    if (built.operand.kind !== "field" || !built.operand.publicEmail) continue;
    const { steps } = built.operand;
    const email = traced(statement, () => sql.id(joinPath(steps, statement).alias, "emailVisibility"));
    parts.push({ sql: sql`${email.built} = TRUE`, readsJoins: email.readsJoins });
  }
  return parts;
}

/** What was built, and whether it names joined rows. */
function traced<T>({ joins }: StatementContext, build: () => T): { readonly built: T; readonly readsJoins: boolean } {
  const before = joins.uses;
  const built = build();
  return { built, readsJoins: joins.uses > before };
}

const sqlOf = (part: Conjunct): Sql => part.sql;

const AND = " AND ";

function side(operand: Operand, statement: StatementContext, bindValue: Bind): Side {
  const resolved = resolveBodyRelation(operand, statement);
  // `comparisonSql` requires that the email is public.
  const read = resolved.kind === "field" && resolved.publicEmail ? { ...resolved, publicEmail: false } : resolved;
  return { operand: resolved, term: toTerm(read, statement, bindValue) };
}
