import { type Sql, sql } from "../../store/sql.ts";
import type { Step } from "../resolve/condition.ts";
import { bodyIds } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";
import { jsonItems } from "./json-sql.ts";
import type { JoinList } from "./join-list.ts";
import type { Target } from "./statement-context.ts";

/** A place on a path: the alias of the record there. */
export interface Place {
  readonly alias: string;
  /** Equal for equal places of a statement. */
  readonly key: string;
  /** Where what comes next is joined. */
  readonly joins: JoinList;
}

/** The place of the record itself. */
export const start = ({ row, joins }: Target): Place => ({ alias: row, key: row, joins });

/** Joins what a path leads through. */
export const reach = (steps: readonly Step[], target: Target): Place =>
  steps.reduce((place, step) => follow(place, step, target), start(target));

function follow(place: Place, step: Step, target: Target): Place {
  const joins = joinsAfter(place, step.many, target);
  const key = `${place.key}.${step.key}`;
  const table = sql.table(step.collection.name);
  const on = condition(step, { ...place, key, joins }, target);
  const alias = joins.alias(key, step.collection.name, table, on);
  // Nothing says that the ids of a view differ.
  if (step.many || step.collection.type === "view") joins.multiplies = true;
  if (joins === target.joins) target.onJoin(step.collection, alias);
  return { alias, key, joins };
}

/** How the records that a step leads to are found, `from` being where it starts. */
function condition(step: Step, from: Place, { context, askers }: Target): (alias: string) => Sql {
  switch (step.kind) {
    case "collection":
      return () => TRUE;
    case "auth": {
      const id = askers?.leading(idOfAsker) ?? sql`${idOfAsker(context)}`;
      return (alias) => sql`${sql.id(alias, "id")} = ${id}`;
    }
    case "body": {
      const ids = JSON.stringify(bodyIds(step.field.name, context));
      return (alias) => sql`${sql.id(alias, "id")} IN (SELECT value FROM json_each(${ids}))`;
    }
    case "relation": {
      const ids = step.many ? sql.id(joinItems(from, step.field.name), "value") : sql.id(from.alias, step.field.name);
      return (alias) => sql`${sql.id(alias, "id")} = ${ids}`;
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

const idOfAsker = ({ principal }: RuleContext): string | null =>
  principal.kind === "guest" ? null : principal.values.id;

/** Joins the items of a list column of the record at that place, and gives their alias. */
export const joinItems = (place: Place, column: string): string =>
  joinRows(place, `${column}:items`, column, jsonItems(sql.id(place.alias, column)));

/** Joins the rows of a table function, each of them to the record at that place. */
export function joinRows({ key, joins }: Place, name: string, label: string, rows: Sql): string {
  joins.multiplies = true;
  return joins.alias(`${key}.${name}`, label, rows, () => TRUE);
}

/** A subquery has joins of its own from the first step to many records on. */
export function joinsAfter({ joins }: Place, many: boolean, { inner }: Target): JoinList {
  return many && inner ? inner : joins;
}

const TRUE = sql`TRUE`;
