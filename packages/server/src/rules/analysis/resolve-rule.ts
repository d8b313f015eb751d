import { LRUCache } from "lru-cache";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { Condition } from "../resolve/condition.ts";
import { parseRule } from "../syntax/parse.ts";
import type { RecordScope } from "../resolve/record-scope.ts";
import { resolveExpression } from "../resolve/resolve-expression.ts";
import { nameResolver } from "../resolve/resolve-name.ts";
import { compilePredicate, type Predicate } from "../predicate/compile-predicate.ts";

type Conditions = LRUCache<string, Condition>;

/** Conditions kept for one collection. Each takes up to a hundred times as much memory as its text. */
const MAX_CONDITIONS = 5_000;
const MAX_CHARACTERS = 1 << 18;

/** Cached per schema; a new schema starts empty. */
const resolved = new WeakMap<Schema, WeakMap<Collection, Conditions>>();

/**
 * Resolves a rule or filter in a scope. Equal scopes and texts share one condition, so never change it.
 *
 * @throws RuleError for text that is not a valid rule of the collection
 */
export function resolveRule(text: string, scope: RecordScope): Condition {
  const conditions = conditionsOf(scope.schema, scope.collection);
  const key = `${scope.trust}/${scope.isNew ? "new" : ""}/${scope.auth?.id ?? ""}/${text}`;
  let condition = conditions.get(key);
  if (!condition) conditions.set(key, (condition = resolveExpression(parseRule(text), nameResolver(scope))));
  return condition;
}

/** A condition belongs to one collection in one schema, so its predicate can be cached with it. */
const predicates = new WeakMap<Condition, Predicate | "needs-database">();

/**
 * Compiles a rule to a predicate over a record's values; `undefined` for a rule that needs the database.
 *
 * @throws RuleError as `resolveRule` does
 */
export const resolvePredicate = (text: string, scope: RecordScope): Predicate | undefined =>
  predicateOf(resolveRule(text, scope), scope.collection);

/** Compiles a condition of the collection to a predicate; `undefined` for one that needs the database. */
export function predicateOf(condition: Condition, collection: Collection): Predicate | undefined {
  let predicate = predicates.get(condition);
  if (!predicate) predicates.set(condition, (predicate = compilePredicate(condition, collection) ?? "needs-database"));
  return predicate === "needs-database" ? undefined : predicate;
}

function conditionsOf(schema: Schema, collection: Collection): Conditions {
  let collections = resolved.get(schema);
  if (!collections) resolved.set(schema, (collections = new WeakMap()));
  let conditions = collections.get(collection);
  if (!conditions) {
    conditions = new LRUCache({
      max: MAX_CONDITIONS,
      maxSize: MAX_CHARACTERS,
      sizeCalculation: (_condition, key) => key.length,
    });
    collections.set(collection, conditions);
  }
  return conditions;
}
