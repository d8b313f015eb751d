import { type Sql, sql } from "../../store/sql.ts";
import type { FieldChange, FieldOperand, ListField, Operand, RequestOperand } from "../resolve/condition.ts";
import { macroValue } from "../syntax/macros.ts";
import { bodyIds, bodyItems, jsonText, requestValue, type RuleValue } from "../resolve/request-value.ts";
import { RuleError } from "../syntax/rule-error.ts";
import { type Bind, bind } from "./bind.ts";
import { compareTerms, type Term } from "./compare-terms.ts";
import { distanceSql, strftimeSql } from "./function-sql.ts";
import { jsonLength, jsonValue } from "./json-sql.ts";
import { joinItems, joinRows, joinsFor, joinPath, rootRow } from "./join-path.ts";
import type { StatementContext } from "./statement-context.ts";

const NULL: Term = { sql: sql`NULL`, values: [], nulls: "plain", isNull: true, isFilled: false };
const column = (of: Sql): Term => ({ sql: of, values: [], nulls: "plain", isNull: false, isFilled: false });
const filled = (of: Sql): Term => ({ ...column(of), isFilled: true });
const FALSE = filled(sql`0`);
const TRUE = filled(sql`1`);

/**
 * Compiles an operand and adds the joins that it needs.
 *
 * @param bindValue binds its values
 * @throws RuleError for a path through submitted ids that can't be resolved
 */
export function toTerm(operand: Operand, statement: StatementContext, bindValue: Bind): Term {
  switch (operand.kind) {
    case "literal":
      return valueTerm(operand.value, bindValue);
    case "constant":
      return constantTerm(operand.value);
    case "macro":
      return valueTerm(macroValue(operand.name, statement.now), bindValue);
    case "request":
      return requestTerm(operand, statement, bindValue);
    case "field":
      return fieldTerm(operand, statement);
    case "bodyItems":
      return itemsTerm(operand.field, statement);
    case "bodyRelation":
      return toTerm(resolveBodyRelation(operand, statement), statement, bindValue);
    case "changed":
      return changeTerm(operand, statement);
    case "geoDistance": {
      const points = operand.points.map((point) => toTerm(point, statement, bindValue));
      return { ...column(distanceSql(points)), values: points.flatMap(({ values }) => values), nulls: "exact" };
    }
    case "strftime": {
      const time = operand.time && toTerm(operand.time, statement, bindValue);
      const [format, ...modifiers] = [operand.format, ...operand.modifiers].map((text) => valueTerm(text, bindValue));
      const parts = [format!, ...(time ? [time] : []), ...modifiers];
      return { ...column(strftimeSql(parts)), values: parts.flatMap(({ values }) => values), nulls: "computed" };
    }
  }
}

/** Replaces a path through submitted ids with what it means for this request; returns other operands unchanged. */
export function resolveBodyRelation(operand: Operand, { context }: StatementContext): Operand {
  if (operand.kind !== "bodyRelation") return operand;
  if (bodyIds(operand.field.name, context).length === 0) return { kind: "constant", value: null };
  if (operand.operand instanceof RuleError) throw operand.operand;
  return operand.operand;
}

function constantTerm(value: null | boolean): Term {
  if (value === null) return NULL;
  return value ? TRUE : FALSE;
}

function valueTerm(value: RuleValue, bindValue: Bind): Term {
  if (value === null) return NULL;
  return { ...column(bindValue(value)), values: [value] };
}

function requestTerm(operand: RequestOperand, { context, requesters }: StatementContext, bindValue: Bind): Term {
  const value = requestValue(operand, context);
  const requesterColumn = requesters?.varies(operand.path[0]!)
    ? requesters.column((other) => requestValue(operand, other), bindValue.text)
    : undefined;
  if (operand.reading === "isset") return constantTerm(value === true);
  if (operand.reading === "length") return { ...filled(bind(value ?? 0n)), isFilled: value === 0n || value === 1n };
  if (value === null) return NULL;
  const term: Term = { ...column(requesterColumn ?? bindValue(value)), values: [value] };
  return operand.lower ? { ...term, sql: sql`LOWER(${term.sql})` } : term;
}

function fieldTerm({ steps, access, publicEmail }: FieldOperand, statement: StatementContext): Term {
  const row = joinPath(steps, statement);
  const { name, multiple } = access.column;
  const { clientView } = statement;
  const value = sql.id(row.alias, name);
  const stored =
    publicEmail && clientView
      ? sql`iif(${clientView.seesEmail(row.alias, steps.at(-1)?.collection)}, ${value}, NULL)`
      : value;
  switch (access.kind) {
    case "column":
      return column(access.lower ? sql`LOWER(${stored})` : stored);
    case "json": {
      const found = jsonValue(stored, access.path);
      return { ...column(access.lower ? sql`LOWER(${found})` : found), nulls: "exact" };
    }
    case "length":
      return column(jsonLength(stored));
    case "each":
      return column(sql.id(joinItems({ ...row, joins: joinsFor(row, multiple, statement) }, name), "value"));
  }
}

function itemsTerm({ name, maxSelect }: ListField, statement: StatementContext): Term {
  const row = rootRow(statement);
  const items = jsonText(bodyItems(name, statement.context));
  const joins = joinsFor(row, maxSelect > 1, statement);
  const alias = joinRows({ ...row, joins }, `@body.${name}:items`, name, sql`json_each(${items})`);
  return filled(sql.id(alias, "value"));
}

function changeTerm({ isset, submitted, stored }: FieldChange, statement: StatementContext): Term {
  if (requestValue(isset, statement.context) !== true) return { ...FALSE, nulls: "exact" };
  const differs = compareTerms(toTerm(submitted, statement, bind), "!=", toTerm(stored, statement, bind));
  return { ...column(sql`(${differs})`), nulls: "exact" };
}
