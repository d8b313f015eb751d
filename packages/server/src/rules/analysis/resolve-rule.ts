import { LRUCache } from "lru-cache";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { Condition } from "../resolve/condition.ts";
import { parseRule } from "../syntax/parse.ts";
import type { RecordScope } from "../resolve/record-scope.ts";
import { resolveExpression } from "../resolve/resolve-expression.ts";
import { recordNames } from "../resolve/resolve-name.ts";
import { compilePredicate, type Predicate } from "../predicate/compile-predicate.ts";

type Conditions = LRUCache<string, Condition>;

/** Kept as long as the schema they were resolved against; a new schema starts with none. */
const resolved = new WeakMap<Schema, WeakMap<Collection, Conditions>>();

/**
 * What a rule or filter means in a scope. The same scope and text give the same tree, shared: never change one.
 *
 * @throws RuleError for text that is no rule of the collection
 */
export function resolveRule(text: string, scope: RecordScope): Condition {
  const conditions = conditionsOf(scope.schema, scope.collection);
  const key = `${scope.trust}/${scope.isNew ? "new" : ""}/${scope.auth?.id ?? ""}/${text}`;
  let condition = conditions.get(key);
  if (!condition) conditions.set(key, (condition = resolveExpression(parseRule(text), recordNames(scope))));
  return condition;
}

/** A condition is of one collection in one schema: its predicate is as good as long. */
const predicates = new WeakMap<Condition, Predicate | "unanswerable">();

/**
 * The rule as a predicate over a record's values; `undefined` for one that takes the database.
 *
 * @throws RuleError as `resolveRule`
 */
export const resolvePredicate = (text: string, scope: RecordScope): Predicate | undefined =>
  predicateOf(resolveRule(text, scope), scope.collection);

/** A condition of the collection as a predicate; `undefined` for one that takes the database. */
export function predicateOf(condition: Condition, collection: Collection): Predicate | undefined {
  let predicate = predicates.get(condition);
  if (!predicate) predicates.set(condition, (predicate = compilePredicate(condition, collection) ?? "unanswerable"));
  return predicate === "unanswerable" ? undefined : predicate;
}

function conditionsOf(schema: Schema, collection: Collection): Conditions {
  let collections = resolved.get(schema);
  if (!collections) resolved.set(schema, (collections = new WeakMap()));
  let conditions = collections.get(collection);
  if (!conditions) collections.set(collection, (conditions = new LRUCache({ max: 200 })));
  return conditions;
}
