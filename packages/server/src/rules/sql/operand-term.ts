import { type Sql, sql } from "../../store/sql.ts";
import type { FieldChange, FieldOperand, ListField, Operand, RequestOperand } from "../resolve/condition.ts";
import { macroValue } from "../syntax/macros.ts";
import { bodyIds, bodyItems, jsonText, requestValue, type Value } from "../resolve/request-value.ts";
import { RuleError } from "../syntax/rule-error.ts";
import { type Bind, bind } from "./bind.ts";
import { compareTerms, type Term } from "./compare-terms.ts";
import { distanceSql, strftimeSql } from "./function-sql.ts";
import { jsonLength, jsonValue } from "./json-sql.ts";
import { joinItems, joinRows, joinsAfter, reach, start } from "./join-path.ts";
import type { Target } from "./statement-context.ts";

const NULL: Term = { sql: sql`NULL`, values: [], nulls: "plain", isNull: true, isFilled: false };
const column = (of: Sql): Term => ({ sql: of, values: [], nulls: "plain", isNull: false, isFilled: false });
const filled = (of: Sql): Term => ({ ...column(of), isFilled: true });
const FALSE = filled(sql`0`);
const TRUE = filled(sql`1`);

/**
 * Compiles an operand and joins what it needs.
 *
 * @param bindValue how its values are bound
 * @throws RuleError for a path through submitted ids that can't be resolved
 */
export function toTerm(operand: Operand, target: Target, bindValue: Bind): Term {
  switch (operand.kind) {
    case "literal":
      return valueTerm(operand.value, bindValue);
    case "constant":
      return constantTerm(operand.value);
    case "macro":
      return valueTerm(macroValue(operand.name, target.now), bindValue);
    case "request":
      return requestTerm(operand, target, bindValue);
    case "field":
      return fieldTerm(operand, target);
    case "bodyItems":
      return itemsTerm(operand.field, target);
    case "bodyRelation":
      return toTerm(settle(operand, target), target, bindValue);
    case "changed":
      return changeTerm(operand, target);
    case "geoDistance": {
      const points = operand.points.map((point) => toTerm(point, target, bindValue));
      return { ...column(distanceSql(points)), values: points.flatMap(({ values }) => values), nulls: "exact" };
    }
    case "strftime": {
      const time = operand.time && toTerm(operand.time, target, bindValue);
      const [format, ...modifiers] = [operand.format, ...operand.modifiers].map((text) => valueTerm(text, bindValue));
      const parts = [format!, ...(time ? [time] : []), ...modifiers];
      return { ...column(strftimeSql(parts)), values: parts.flatMap(({ values }) => values), nulls: "computed" };
    }
  }
}

/** What a path through submitted ids is for this request. */
export function settle(operand: Operand, { context }: Target): Operand {
  if (operand.kind !== "bodyRelation") return operand;
  if (bodyIds(operand.field.name, context).length === 0) return { kind: "constant", value: null };
  if (operand.target instanceof RuleError) throw operand.target;
  return operand.target;
}

function constantTerm(value: null | boolean): Term {
  if (value === null) return NULL;
  return value ? TRUE : FALSE;
}

function valueTerm(value: Value, bindValue: Bind): Term {
  if (value === null) return NULL;
  return { ...column(bindValue(value)), values: [value] };
}

function requestTerm(operand: RequestOperand, { context, askers }: Target, bindValue: Bind): Term {
  const value = requestValue(operand, context);
  const asked =
    operand.path[0] === "auth" ? askers?.column((asking) => requestValue(operand, asking), bindValue.text) : undefined;
  if (operand.reading === "isset") return constantTerm(value === true);
  if (operand.reading === "length") return { ...filled(bind(value ?? 0n)), isFilled: value === 0n || value === 1n };
  if (value === null) return NULL;
  const term: Term = { ...column(asked ?? bindValue(value)), values: [value] };
  return operand.lower ? { ...term, sql: sql`LOWER(${term.sql})` } : term;
}

function fieldTerm({ steps, access }: FieldOperand, target: Target): Term {
  const place = reach(steps, target);
  const { name, multiple } = access.column;
  const stored = sql.id(place.alias, name);
  switch (access.kind) {
    case "column":
      return column(access.lower ? sql`LOWER(${stored})` : stored);
    case "json": {
      const value = jsonValue(stored, access.path);
      return { ...column(access.lower ? sql`LOWER(${value})` : value), nulls: "exact" };
    }
    case "length":
      return column(jsonLength(stored));
    case "each":
      return column(sql.id(joinItems({ ...place, joins: joinsAfter(place, multiple, target) }, name), "value"));
  }
}

function itemsTerm({ name, maxSelect }: ListField, target: Target): Term {
  const place = start(target);
  const items = jsonText(bodyItems(name, target.context));
  const joins = joinsAfter(place, maxSelect > 1, target);
  const alias = joinRows({ ...place, joins }, `@body.${name}:items`, name, sql`json_each(${items})`);
  return filled(sql.id(alias, "value"));
}

function changeTerm({ isset, submitted, stored }: FieldChange, target: Target): Term {
  if (requestValue(isset, target.context) !== true) return { ...FALSE, nulls: "exact" };
  const differs = compareTerms(toTerm(submitted, target, bind), "!=", toTerm(stored, target, bind));
  return { ...column(sql`(${differs})`), nulls: "exact" };
}
