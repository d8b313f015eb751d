import { findField } from "../../collections/model/collection.ts";
import { isMultiple, type Field, type RelationField } from "../../collections/fields/field.ts";
import type { BodyRelation, Operand, RequestOperand } from "./condition.ts";
import { type Modifier, splitModifier } from "../syntax/modifier.ts";
import { findCollection, type RecordScope } from "./record-scope.ts";
import { resolvePath } from "./resolve-path.ts";
import { RuleError } from "../syntax/rule-error.ts";

/**
 * Resolves a value of the request. It allows the modifiers `:isset` and `:lower`.
 *
 * @param path starts with the part of the request
 */
export function requestOperand(scope: RecordScope, path: readonly string[], position: number): RequestOperand {
  const [last, modifier] = splitModifier(path.at(-1)!, position);
  const keys = [...path.slice(0, -1), last];
  if (modifier === "isset") return { kind: "request", path: keys, reading: "isset", lower: false };
  if (modifier && modifier !== "lower") throw new RuleError(`invalid modifier sequence ${last}:${modifier}`, position);
  // A form sends numbers as text. PocketBase looks only at the last key's name, at any depth.
  const reading = findField(scope.collection, last)?.type === "number" ? "number" : "value";
  return { kind: "request", path: keys, reading, lower: modifier === "lower" };
}

/** Resolves `@request.body.…`, where the collection's fields allow relations and more modifiers. */
export function resolveBody(scope: RecordScope, path: readonly string[], position: number): Operand {
  const [name, modifier] = splitModifier(path[0]!, position);
  const field = findField(scope.collection, name);
  if (!field) return requestOperand(scope, ["body", ...path], position);
  if (path.length > 1) {
    return field.type === "relation"
      ? bodyRelation(scope, field, path.slice(1), position)
      : requestOperand(scope, ["body", ...path], position);
  }
  if (!modifier) return plainBodyValue(field);
  switch (modifier) {
    case "each":
    case "length":
      return bodyList(field, modifier, position);
    case "changed":
      return {
        kind: "changed",
        isset: bodyValue(field, "isset"),
        submitted: plainBodyValue(field),
        stored: resolvePath({ scope, position, lenient: false }, scope.collection, [], [name]),
      };
    case "lower":
      return bodyValue(field, field.type === "json" ? "json" : "text", true);
    case "isset":
      return bodyValue(field, "isset");
  }
}

function bodyList(field: Field, modifier: Extract<Modifier, "each" | "length">, position: number): Operand {
  if (!("maxSelect" in field))
    throw new RuleError(`field "${field.name}" doesn't support multivalue operations`, position);
  return modifier === "each" ? { kind: "bodyItems", field } : bodyValue(field, "length");
}

/** PocketBase resolves the path only if ids were submitted, so an error in it is kept until then. */
function bodyRelation(
  scope: RecordScope,
  field: RelationField,
  path: readonly string[],
  position: number,
): BodyRelation {
  return { kind: "bodyRelation", field, operand: resolveOrError(() => bodyRelationPath(scope, field, path, position)) };
}

function bodyRelationPath(
  scope: RecordScope,
  field: RelationField,
  path: readonly string[],
  position: number,
): Operand {
  const collection = findCollection(scope, field.collectionId);
  if (!collection) {
    throw new RuleError(`failed to load collection "${field.collectionId}" from data field "${field.name}"`, position);
  }
  const step = { kind: "body", field, collection, many: isMultiple(field), key: `@body.${field.name}` } as const;
  return resolvePath({ scope, position, lenient: true }, collection, [step], path);
}

function resolveOrError(resolve: () => Operand): Operand | RuleError {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
}

const bodyValue = ({ name }: Field, reading: RequestOperand["reading"], lower = false): RequestOperand => ({
  kind: "request",
  path: ["body", name],
  reading,
  lower,
});

/** The value of a json field is compared as JSON text. */
const plainBodyValue = (field: Field): RequestOperand =>
  bodyValue(field, field.type === "json" ? "json" : field.type === "number" ? "number" : "value");
