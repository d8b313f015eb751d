import { fieldToJson, parseField } from "../../fields/field-kinds.ts";
import type { Field } from "../../fields/field.ts";
import { isObject, type JsonObject } from "../../fields/decode-json.ts";
import { ApiError } from "../../../lib/api-error.ts";
import { toText } from "../../../lib/text/coerce.ts";
import type { Collection } from "../../model/collection.ts";
import type { Schema } from "../../model/schema.ts";

/**
 * Gives submitted collections and fields the ids of stored ones that they seem to be under another name, so that an import
 * renames them and keeps their values. One stands for another if they are alike in all but id and name, the stored
 * one is missing from the import, the submitted one is new, and neither is like any other.
 */
export function detectRenames(submitted: readonly JsonObject[], schema: Schema): readonly JsonObject[] {
  const known = submitted.map((raw) => find(schema, raw));
  const found = new Set(known.map((collection) => collection?.id));
  const missing = schema.collections.filter(({ id, system }) => !system && !found.has(id));
  const added = submitted.filter((_, i) => !known[i]);
  const renamed = onlyPairs(added, missing, collectionShape, storedShape);
  return submitted.map((raw) => {
    const old = renamed.get(raw);
    return withFieldIds(old ? { ...raw, id: old.id } : raw, old ?? find(schema, raw));
  });
}

const find = (schema: Schema, raw: JsonObject): Collection | undefined =>
  schema.find(toText(raw["id"]) || toText(raw["name"]));

function withFieldIds(raw: JsonObject, original: Collection | undefined): JsonObject {
  const { fields } = raw;
  if (!original || original.type === "view" || !Array.isArray(fields)) return raw;
  const items = fields.filter(isObject);
  const isSame = (item: JsonObject, { id, name }: Field): boolean => item["id"] === id || item["name"] === name;
  const missing = original.fields.filter((field) => !field.system && !items.some((item) => isSame(item, field)));
  const added = items.filter((item) => !original.fields.some((field) => isSame(item, field)));
  const renamed = onlyPairs(added, missing, submittedFieldShape, fieldShape);
  const withId = (item: unknown): unknown => {
    const old = isObject(item) ? renamed.get(item) : undefined;
    return old && isObject(item) ? { ...item, id: old.id } : item;
  };
  return { ...raw, fields: fields.map(withId) };
}

/** Pairs of the same shape, if no other of either side has that shape. An undefined shape is like no other. */
function onlyPairs<New extends object, Old>(
  added: readonly New[],
  missing: readonly Old[],
  shapeOfNew: (item: New) => string | undefined,
  shapeOfOld: (item: Old) => string,
): ReadonlyMap<New, Old> {
  const newByShape = Map.groupBy(added, shapeOfNew);
  const oldByShape = Map.groupBy(missing, shapeOfOld);
  const pairs = new Map<New, Old>();
  for (const [shape, [item, ...others]] of newByShape) {
    const [old, ...otherOlds] = shape === undefined ? [] : (oldByShape.get(shape) ?? []);
    if (item && old && others.length === 0 && otherOlds.length === 0) pairs.set(item, old);
  }
  return pairs;
}

const fieldShape = (field: Field): string => JSON.stringify({ ...fieldToJson(field), id: "", name: "" });

/** `undefined` for what is no field; the import says so. */
function submittedFieldShape(item: JsonObject): string | undefined {
  try {
    return fieldShape(parseField(item));
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** The type with its fields, by name and type, in any order. A view has the fields of its query, so only that counts. */
const shapeOf = (type: string, fields: readonly (readonly [name: string, type: string])[], viewQuery: string): string =>
  JSON.stringify(type === "view" ? [type, viewQuery.trim()] : [type, ...fields.map(String).sort()]);

const storedShape = (collection: Collection): string =>
  shapeOf(
    collection.type,
    collection.fields.filter(({ system }) => !system).map(({ name, type }) => [name, type]),
    collection.type === "view" ? collection.viewQuery : "",
  );

function collectionShape(raw: JsonObject): string | undefined {
  const { fields } = raw;
  const type = toText(raw["type"]) || "base";
  if (type !== "view" && !Array.isArray(fields)) return undefined;
  const items = (Array.isArray(fields) ? fields : []).filter(isObject);
  const own = items.filter((item) => item["system"] !== true && item["name"] !== "id");
  // Without a field of its own, one is like any other.
  if (type !== "view" && own.length === 0) return undefined;
  return shapeOf(
    type,
    own.map((item) => [toText(item["name"]), toText(item["type"])]),
    toText(raw["viewQuery"]),
  );
}
