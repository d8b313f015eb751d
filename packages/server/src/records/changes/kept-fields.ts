import { type Collection } from "../../collections/model/collection.ts";
import type { FieldType } from "../../collections/fields/field.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { dependenciesOf, ownFieldsOf } from "../../rules/analysis/rule-dependencies.ts";
import { resolveRule } from "../../rules/analysis/resolve-rule.ts";
import type { Condition } from "../../rules/resolve/condition.ts";
import { RuleError } from "../../rules/syntax/rule-error.ts";

/** Kinds whose values say who, when, how many or which one, but hold no text that a person wrote. */
const KEPT_TYPES: ReadonlySet<FieldType> = new Set(["relation", "select", "bool", "number", "date", "autodate"]);

const known = new WeakMap<Schema, ReadonlyMap<Collection, ReadonlySet<string>>>();

/**
 * The ids of the fields that the log keeps of a deleted record: those that rules read to decide who may see a record, so
 * that a client that was away still hears of the delete, and nobody else does.
 */
export function keptFields(schema: Schema, collection: Collection): ReadonlySet<string> {
  let kept = known.get(schema);
  if (!kept) known.set(schema, (kept = findKeptFields(schema)));
  return kept.get(collection) ?? new Set();
}

function findKeptFields(schema: Schema): ReadonlyMap<Collection, ReadonlySet<string>> {
  const names = new Map<Collection, Set<string>>(schema.collections.map((collection) => [collection, new Set(["id"])]));
  const keep = (collection: Collection, fields: Iterable<string>): void => {
    for (const name of fields) names.get(collection)?.add(name);
  };
  for (const collection of schema.collections) {
    for (const condition of conditionsOf(schema, collection)) {
      keep(collection, ownFieldsOf(condition));
      for (const { collection: other, fields } of dependenciesOf(condition)) keep(other, fields);
    }
  }
  return new Map([...names].map(([collection, own]) => [collection, idsOf(collection, own)]));
}

function idsOf({ fields }: Collection, names: ReadonlySet<string>): ReadonlySet<string> {
  const kept = fields.filter(({ name, type }) => name === "id" || (names.has(name) && KEPT_TYPES.has(type)));
  return new Set(kept.map(({ id }) => id));
}

/** The rules that decide who sees the collection's records, as each kind of requester meets them. */
function conditionsOf(schema: Schema, collection: Collection): Condition[] {
  const { listRule, viewRule } = collection;
  const rules = [listRule, viewRule, collection.type === "auth" ? collection.auth.manageRule : null];
  const accounts = [undefined, ...schema.collections.filter((other) => other.type === "auth")];
  return rules
    .filter((rule): rule is string => rule !== null && rule !== "")
    .flatMap((rule) =>
      accounts.map((auth) => conditionOf(rule, { schema, collection, trust: "trusted", auth, isNew: false })),
    )
    .filter((condition) => condition !== undefined);
}

/** `undefined` for a rule that names what this requester doesn't have. */
function conditionOf(...[text, scope]: Parameters<typeof resolveRule>): Condition | undefined {
  try {
    return resolveRule(text, scope);
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}
