import { type Collection, findField } from "../../collections/model/collection.ts";
import { type Field, isMultiple, type RelationField } from "../../collections/fields/field.ts";
import { hasUniqueIndex } from "../../collections/model/index-definition.ts";
import type { Access, Column, FieldOperand, Operand, Step } from "./condition.ts";
import { splitModifier } from "../syntax/modifier.ts";
import { findCollection, type RecordScope } from "./record-scope.ts";
import { RuleError } from "../syntax/rule-error.ts";

export interface Walk {
  readonly scope: RecordScope;
  readonly position: number;
  /** A field that does not exist is NULL instead of an error. */
  readonly lenient: boolean;
}

const MAX_STEPS = 6;
const BACK_RELATION = /^(\w+)_via_(\w+)$/;
const NULL: Operand = { kind: "constant", value: null };

/**
 * Follows `a.b.c` from a collection: all parts but the last are relations, back-relations, or a json field before its
 * path.
 *
 * @param steps those that led to the collection
 */
export function resolvePath(walk: Walk, from: Collection, steps: readonly Step[], parts: readonly string[]): Operand {
  const reached = [...steps];
  const client = walk.scope.trust === "client";
  let collection = from;
  if (client) steps.forEach((step) => checkListed(walk, step.collection));

  for (const [depth, part] of parts.slice(0, -1).entries()) {
    const field = findField(collection, part);
    if (field) checkShown(walk, field);
    if (field?.type === "json" || field?.type === "geoPoint")
      return jsonOperand(walk, reached, field, parts.slice(depth + 1));
    if (depth >= MAX_STEPS) throw new RuleError(`more than ${MAX_STEPS} nested relations`, walk.position);
    if (field && field.type !== "relation") throw new RuleError(`"${part}" is not a relation`, walk.position);
    // `author.id` is what `author` holds: no need to look the author up.
    if (field && !isMultiple(field) && depth === parts.length - 2 && parts.at(-1) === "id") {
      return fieldOperand(reached, { kind: "column", column: columnOf(field), lower: false });
    }
    if (!field && walk.scope.isNew && reached.length === 0) {
      throw new RuleError(`a new record has no "${part}"`, walk.position);
    }
    const step = field ? relationStep(walk, field) : backRelationStep(walk, collection, part);
    if (!step) return NULL;
    if (client) checkListed(walk, step.collection);
    reached.push(step);
    collection = step.collection;
  }
  return lastOperand(walk, collection, reached, parts.at(-1)!);
}

function relationStep(walk: Walk, field: RelationField): Step {
  const collection = findCollection(walk.scope, field.collectionId);
  if (!collection) throw new RuleError(`the collection of "${field.name}" is missing`, walk.position);
  return { kind: "relation", field, collection, many: isMultiple(field), key: field.name };
}

/** `comments_via_post`: the comments whose `post` is this record. `undefined` for what a lenient walk lets be NULL. */
function backRelationStep(walk: Walk, target: Collection, part: string): Step | undefined {
  const [, name = "", fieldName = ""] = BACK_RELATION.exec(part) ?? [];
  const collection = name === "" ? undefined : findCollection(walk.scope, name);
  const field = collection && findField(collection, fieldName);
  if (field?.type === "relation") checkShown(walk, field);
  if (!collection || field?.type !== "relation" || field.collectionId !== target.id) {
    if (walk.lenient) return undefined;
    throw new RuleError(`unknown field or back-relation "${part}"`, walk.position);
  }
  const many = isMultiple(field) || !hasUniqueIndex(collection, field.name);
  return { kind: "backRelation", field, collection, many, key: part };
}

function lastOperand(walk: Walk, collection: Collection, steps: readonly Step[], part: string): Operand {
  const [name, modifier] = splitModifier(part, walk.position);
  const field = findField(collection, name);
  if (!field) {
    if (walk.lenient) return NULL;
    throw new RuleError(`unknown field "${name}"`, walk.position);
  }
  checkShown(walk, field);
  const column = columnOf(field);
  // On a field that can't hold a list these two say nothing: PocketBase's behaviour.
  if ((modifier === "length" || modifier === "each") && "maxSelect" in field) {
    return fieldOperand(steps, { kind: modifier, column });
  }
  const lower = modifier === "lower";
  if (field.type === "json") return fieldOperand(steps, { kind: "json", column, path: [], lower });
  const publicEmail = name === "email" && collection.type === "auth" && walk.scope.trust === "client";
  return fieldOperand(steps, { kind: "column", column, lower }, publicEmail);
}

function jsonOperand(walk: Walk, steps: readonly Step[], field: Field, path: readonly string[]): Operand {
  // PocketBase drops the colons, so a modifier on a path becomes part of the last key.
  const keys = path.map((key) => key.replaceAll(":", ""));
  if (keys.includes("")) throw new RuleError(`empty key in the path of "${field.name}"`, walk.position);
  return fieldOperand(steps, { kind: "json", column: columnOf(field), path: keys, lower: false });
}

const fieldOperand = (steps: readonly Step[], access: Access, publicEmail = false): FieldOperand => ({
  kind: "field",
  steps,
  access,
  publicEmail,
});

const columnOf = (field: Field): Column => ({ name: field.name, type: field.type, multiple: isMultiple(field) });

function checkShown({ scope, position }: Walk, field: Field): void {
  if (field.hidden && scope.trust === "client") throw new RuleError(`"${field.name}" can't be filtered by`, position);
}

function checkListed({ position }: Walk, { name, listRule }: Collection): void {
  if (listRule === null) throw new RuleError(`"${name}" can be filtered by superusers only`, position);
}
