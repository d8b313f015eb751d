import { type Sql, sql } from "../../store/sql.ts";
import type { Operand } from "../resolve/condition.ts";
import { compareTerms, type Term } from "./compare-terms.ts";
import type { Operator } from "../syntax/syntax-tree.ts";
import { JoinList } from "./join-list.ts";
import { joinPath } from "./join-path.ts";
import type { StatementContext } from "./statement-context.ts";
import { bind } from "./bind.ts";
import { toTerm } from "./operand-term.ts";

/** An operand with its term in the statement. */
export interface Side {
  readonly operand: Operand;
  readonly term: Term;
}

/** Whether the operand may have more than one value per record. */
export function isMany(operand: Operand): boolean {
  if (operand.kind === "bodyItems") return operand.field.maxSelect > 1;
  if (operand.kind === "strftime") return operand.time !== undefined && isMany(operand.time);
  if (operand.kind !== "field") return false;
  const { steps, access } = operand;
  return steps.some(({ many }) => many) || (access.kind === "each" && access.column.multiple);
}

/**
 * Holds if no pair of the two sides' values fails the comparison. A comparison that is NULL does not fail.
 */
export function noPairFails(left: Side, operator: Operator, right: Side, statement: StatementContext): Sql {
  // Each side has its own joins, so two sides on the same path give all pairs of its values.
  const lists = [new JoinList(statement.joins.names), new JoinList(statement.joins.names)] as const;
  const comparison = compareTerms(
    innerTerm(left, lists[0], statement),
    operator,
    innerTerm(right, lists[1], statement),
  );
  // The one-row table keeps a record without any value: it counts as one NULL.
  const values = sql`(SELECT 1) AS "one"${lists[0].toSql()}${lists[1].toSql()}`;
  const conditions = lists.flatMap((list) => list.conditions).map((condition) => sql`${condition} AND `);
  return sql`NOT EXISTS (SELECT 1 FROM ${values} WHERE ${sql.join(conditions, "")}NOT (${comparison}))`;
}

/** The term inside the subquery, where PocketBase no longer knows which values it was made of. */
function innerTerm({ operand, term }: Side, subqueryJoins: JoinList, statement: StatementContext): Term {
  if (!isMany(operand)) return { ...term, nulls: "plain" };
  const inner = { ...statement, subqueryJoins };
  leaveOutUnseenEmails(operand, inner, subqueryJoins);
  return { ...toTerm(operand, inner, bind), values: [], isFilled: false };
}

function leaveOutUnseenEmails(operand: Operand, statement: StatementContext, joins: JoinList): void {
  if (operand.kind !== "field" || !operand.publicEmail || !statement.clientView) return;
  const { alias } = joinPath(operand.steps, statement);
  joins.require(`${alias}.email`, statement.clientView.seesEmail(alias, operand.steps.at(-1)?.collection));
}
