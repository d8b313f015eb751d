import { startsIndex } from "../../collections/model/index-definition.ts";
import { compared, type Sql, sql } from "../../store/sql.ts";
import type { Step } from "../resolve/condition.ts";
import { bodyIds } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";
import { jsonItems } from "./json-sql.ts";
import type { JoinList } from "./join-list.ts";
import type { StatementContext } from "./statement-context.ts";

/** A record on a path, as it is joined to the statement. */
export interface JoinedRow {
  readonly alias: string;
  /** Equal for the same record of a statement. */
  readonly key: string;
  /** Takes the joins that follow from this record. */
  readonly joins: JoinList;
}

/** The record that the rule is about. */
export const rootRow = ({ rowAlias, joins }: StatementContext): JoinedRow => ({
  alias: rowAlias,
  key: rowAlias,
  joins,
});

/** Joins every record along a path and returns the last one. */
export const joinPath = (steps: readonly Step[], statement: StatementContext): JoinedRow =>
  steps.reduce((row, step) => joinStep(row, step, statement), rootRow(statement));

function joinStep(row: JoinedRow, step: Step, statement: StatementContext): JoinedRow {
  const { collection } = step;
  const joins = joinsFor(row, step.many, statement);
  const plainKey = `${row.key}.${step.key}`;
  // A row that the list rule has joined is shared. Its guard is in the WHERE clause, so that the rule reads every row.
  const guard = joins.has(plainKey) ? undefined : statement.clientView?.guard(collection);
  const key = guard ? `${plainKey}!` : plainKey;
  const table = sql.id(collection.name);
  const on = joinCondition(step, { ...row, key, joins }, statement);
  const alias = joins.alias(key, collection.name, table, (name) =>
    guard ? sql`${on(name)} AND ${guard(name)}` : on(name),
  );
  if (row.key === statement.rowAlias && leadsBack(step, statement)) joins.leadsBack = true;
  // The ids of a view need not be unique.
  if (step.many || collection.type === "view") joins.multiplies = true;
  if (guard) excludeUnseen(step, { ...row, key, joins }, alias);
  else if (joins === statement.joins) statement.onJoin(collection, alias);
  return { alias, key, joins };
}

/** The record's id has an index, and its relation may have one. */
const leadsBack = (step: Step, { collection }: StatementContext): boolean =>
  step.kind === "backRelation" ||
  (step.kind === "relation" && !step.many && collection !== undefined && startsIndex(collection, step.field.name));

/** As in PocketBase, an id that leads to a record that the client may not see leaves out the row. */
function excludeUnseen(step: Step, from: JoinedRow, alias: string): void {
  if (step.kind !== "relation") return;
  const id = relatedId(step, from);
  from.joins.require(alias, sql`(${id} = '' OR ${id} IS NULL OR ${sql.id(alias, "id")} IS NOT NULL)`);
}

/** The id that a relation holds: that of the current item, if it holds many. */
const relatedId = ({ field: { name }, many }: Step & { readonly kind: "relation" }, from: JoinedRow): Sql =>
  many ? sql.id(joinItems(from, name), "value") : sql.id(from.alias, name);

/** The join condition of a step that starts from `from`. */
function joinCondition(step: Step, from: JoinedRow, { context, requesters }: StatementContext): (alias: string) => Sql {
  switch (step.kind) {
    case "collection":
      return () => TRUE;
    case "auth": {
      const id = requesters?.leadingColumn(requesterId) ?? compared(requesterId(context));
      return (alias) => sql`${sql.id(alias, "id")} = ${id}`;
    }
    case "body": {
      const ids = JSON.stringify(bodyIds(step.field.name, context));
      return (alias) => sql`${sql.id(alias, "id")} IN (SELECT value FROM json_each(${ids}))`;
    }
    case "relation": {
      const id = relatedId(step, from);
      return (alias) => sql`${sql.id(alias, "id")} = ${id}`;
    }
    case "backRelation": {
      const id = sql.id(from.alias, "id");
      const { name, maxSelect } = step.field;
      return maxSelect > 1
        ? (alias) => sql`${id} IN (SELECT value FROM ${jsonItems(sql.id(alias, name))})`
        : (alias) => sql`${sql.id(alias, name)} = ${id}`;
    }
  }
}

const requesterId = ({ principal }: RuleContext): string | null =>
  principal.kind === "guest" ? null : principal.values.id;

/** Joins the items of a record's list column and returns their alias. */
export const joinItems = (row: JoinedRow, column: string): string =>
  joinRows(row, `${column}:items`, column, jsonItems(sql.id(row.alias, column)));

/** Joins the rows of a table function to a record and returns their alias. */
export function joinRows({ key, joins }: JoinedRow, name: string, label: string, rows: Sql): string {
  joins.multiplies = true;
  return joins.alias(`${key}.${name}`, label, rows, () => TRUE);
}

/** Inside a multi-match subquery, the first step to many records and all later ones use the subquery's joins. */
export function joinsFor({ joins }: JoinedRow, many: boolean, { subqueryJoins }: StatementContext): JoinList {
  return many && subqueryJoins ? subqueryJoins : joins;
}

const TRUE = sql`TRUE`;
