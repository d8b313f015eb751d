import { type Collection, findField } from "../../collections/model/collection.ts";
import { type Field, isMultiple, type RelationField } from "../../collections/fields/field.ts";
import { hasUniqueIndex } from "../../collections/model/index-definition.ts";
import type { Access, Column, FieldOperand, Operand, Step } from "./condition.ts";
import { parseBackRelation } from "../syntax/back-relation.ts";
import { splitModifier } from "../syntax/modifier.ts";
import { findCollection, type RecordScope } from "./record-scope.ts";
import { RuleError } from "../syntax/rule-error.ts";

/** What a path is resolved in. */
export interface PathContext {
  readonly scope: RecordScope;
  readonly position: number;
  /** A field that does not exist is NULL instead of an error. */
  readonly lenient: boolean;
}

const MAX_STEPS = 6;
const NULL: Operand = { kind: "constant", value: null };

/**
 * Resolves `a.b.c` from a collection. Every part but the last is a relation or a back-relation, or a json field
 * followed by a path into its value.
 *
 * @param steps the steps that lead to the collection
 */
export function resolvePath(
  context: PathContext,
  from: Collection,
  steps: readonly Step[],
  parts: readonly string[],
): Operand {
  const reached = [...steps];
  const client = context.scope.trust === "client";
  let collection = from;
  if (client) steps.forEach((step) => checkHasListRule(context, step.collection));

  for (const [depth, part] of parts.slice(0, -1).entries()) {
    const field = findField(collection, part);
    if (field) checkNotHidden(context, field);
    if (field?.type === "json" || field?.type === "geoPoint")
      return jsonOperand(context, reached, field, parts.slice(depth + 1));
    if (depth >= MAX_STEPS) throw problem(context, `max nested relations reached for field "${part}"`);
    if (field && field.type !== "relation") throw problem(context, `field "${part}" is not a valid relation`);
    // `author` already holds `author.id`: no join needed.
    if (field && !isMultiple(field) && depth === parts.length - 2 && parts.at(-1) === "id") {
      return fieldOperand(reached, { kind: "column", column: columnOf(field), lower: false });
    }
    if (!field && context.scope.isNew && reached.length === 0) {
      throw problem(context, `a new record has no "${part}"`);
    }
    const step = field ? relationStep(context, field) : backRelationStep(context, collection, part);
    if (!step) return NULL;
    if (client) checkHasListRule(context, step.collection);
    reached.push(step);
    collection = step.collection;
  }
  return lastOperand(context, collection, reached, parts.at(-1)!);
}

function relationStep(context: PathContext, field: RelationField): Step {
  const collection = findCollection(context.scope, field.collectionId);
  if (!collection) throw problem(context, `failed to load field "${field.name}" collection`);
  return { kind: "relation", field, collection, many: isMultiple(field), key: field.name };
}

/**
 * `comments_via_post`: the comments whose `post` is this record. `undefined` if it is unknown and the path is lenient.
 */
function backRelationStep(context: PathContext, target: Collection, part: string): Step | undefined {
  const [name = "", fieldName = ""] = parseBackRelation(part) ?? [];
  const collection = name === "" ? undefined : findCollection(context.scope, name);
  const field = collection && findField(collection, fieldName);
  if (field?.type === "relation") checkNotHidden(context, field, "non-filterable back relation field");
  if (!collection || field?.type !== "relation" || field.collectionId !== target.id) {
    if (context.lenient) return undefined;
    if (name === "") throw problem(context, `failed to resolve field "${part}"`);
    if (!collection) throw problem(context, `failed to load back relation field "${part}" collection`);
    if (!field) throw problem(context, `missing back relation field "${fieldName}"`);
    if (field.type !== "relation") throw problem(context, `invalid back relation field "${fieldName}"`);
    throw problem(context, `invalid collection reference of a back relation field "${fieldName}"`);
  }
  const many = isMultiple(field) || !hasUniqueIndex(collection, field.name);
  return { kind: "backRelation", field, collection, many, key: part };
}

function lastOperand(context: PathContext, collection: Collection, steps: readonly Step[], part: string): Operand {
  const [name, modifier] = splitModifier(part, context.position);
  const field = findField(collection, name);
  if (!field) {
    if (context.lenient) return NULL;
    throw problem(context, `unknown field "${name}"`);
  }
  checkNotHidden(context, field);
  const column = columnOf(field);
  // On a field that can't hold a list, both are ignored (PocketBase's behaviour).
  if ((modifier === "length" || modifier === "each") && "maxSelect" in field) {
    return fieldOperand(steps, { kind: modifier, column });
  }
  const lower = modifier === "lower";
  if (field.type === "json") return fieldOperand(steps, { kind: "json", column, path: [], lower });
  const publicEmail = name === "email" && collection.type === "auth" && context.scope.trust === "client";
  return fieldOperand(steps, { kind: "column", column, lower }, publicEmail);
}

function jsonOperand(context: PathContext, steps: readonly Step[], field: Field, path: readonly string[]): Operand {
  // PocketBase drops colons, so a modifier becomes part of the last key.
  const keys = path.map((key) => key.replaceAll(":", ""));
  if (keys.includes("")) throw problem(context, `empty key in the path of "${field.name}"`);
  return fieldOperand(steps, { kind: "json", column: columnOf(field), path: keys, lower: false });
}

const fieldOperand = (steps: readonly Step[], access: Access, publicEmail = false): FieldOperand => ({
  kind: "field",
  steps,
  access,
  publicEmail,
});

const columnOf = (field: Field): Column => ({ name: field.name, type: field.type, multiple: isMultiple(field) });

function checkNotHidden(context: PathContext, field: Field, what = "non-filterable field"): void {
  if (field.hidden && context.scope.trust === "client") throw problem(context, `${what} "${field.name}"`);
}

function checkHasListRule(context: PathContext, { name, listRule }: Collection): void {
  if (listRule !== null) return;
  const when = "only when allowHiddenFields is enabled or by superusers";
  throw problem(context, `"${name}" fields can be accessed ${when}`);
}

const problem = ({ position }: PathContext, reason: string): RuleError => new RuleError(reason, position);
