import { UserError } from "../../lib/user-error.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import type { JsonObject } from "../fields/decode-json.ts";
import { collectionOf } from "../model/collection-draft.ts";
import { generatedId } from "../model/new-draft.ts";
import { type Field, isMultiple } from "../fields/field.ts";
import { fieldToJson, parseField } from "../fields/field-kinds.ts";
import { importCollections, readImport } from "./import-collections.ts";
import { loadSchema } from "../model/registry.ts";
import { updateCollection } from "./update-collection.ts";

/** A collection that a program declares. */
export interface CollectionDeclaration {
  readonly name: string;
  readonly type: Collection["type"];
  /** In PocketBase's form, without ids; relations name their collection in `collectionId`. */
  readonly fields: readonly JsonObject[];
  /** Rules, indexes and any other property that the collections API accepts. */
  readonly options: JsonObject;
}

/**
 * Creates and updates collections to match their declarations. Collections that already match, and those that are not
 * declared, stay unchanged. Stored values are dropped only with `prune`.
 *
 * @param prune deletes fields that are not declared, and recreates fields whose values can't be kept
 * @throws UserError for a declaration that can't be applied, ApiError 400 for an invalid one
 */
export async function declareCollections(
  tx: Transaction,
  context: CollectionContext,
  declared: readonly CollectionDeclaration[],
  { prune }: { readonly prune: boolean },
): Promise<void> {
  const idOf = (name: string): string => {
    const known = context.schema.find(name)?.id;
    if (known) return known;
    const other = declared.find((each) => each.name === name);
    if (other) return generatedId(other.type, other.name);
    throw new UserError(`A relation refers to the collection "${name}", which does not exist. Declare it first.`);
  };
  const plans = declared.map((each) => planDeclaration(each, context.schema.find(each.name), idOf, prune));
  const losses = prune ? [] : plans.flatMap(({ losses: own }) => own);
  if (losses.length > 0) {
    throw new UserError(`${losses.join(" ")} This would drop stored values. Set { prune: true } to allow it.`);
  }
  for (const { original, kept } of plans) {
    if (!original || kept.length === original.fields.length) continue;
    // Rules may use the deleted fields, so they are cleared first; the declared rules follow.
    await updateCollection(tx, { ...context, schema: await loadSchema(tx) }, original.id, {
      ...NO_RULES,
      fields: kept.map(fieldToJson),
    });
  }
  const current = { ...context, schema: await loadSchema(tx) };
  const collections = plans.map(({ body }) => body).filter((body) => isChange(body, current));
  if (collections.length > 0) await importCollections(tx, current, { collections });
}

const NO_RULES = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };

interface DeclarationPlan {
  readonly original: Collection | undefined;
  /** The fields of the original that are kept. */
  readonly kept: readonly Field[];
  /** Why fields must be recreated, which drops their values. */
  readonly losses: readonly string[];
  /** The collection to import. */
  readonly body: JsonObject;
}

function planDeclaration(
  { name, type, fields, options }: CollectionDeclaration,
  original: Collection | undefined,
  idOf: (name: string) => string,
  prune: boolean,
): DeclarationPlan {
  if (original && original.type !== type) {
    throw new UserError(`The collection "${name}" has the type ${original.type}, but is declared as ${type}.`);
  }
  const common = { id: original?.id ?? generatedId(type, name), name, type, ...NO_RULES, ...options };
  // A view always has the fields of its query.
  if (type === "view") return { original, kept: original?.fields ?? [], losses: [], body: common };

  const wanted = fields.map((raw) =>
    raw["type"] === "relation" ? { ...raw, collectionId: idOf(String(raw["collectionId"])) } : raw,
  );
  const kept: Field[] = [];
  const losses: string[] = [];
  const merged: JsonObject[] = [];
  for (const field of original?.fields ?? []) {
    const raw = wanted.find((other) => String(other["name"]).toLowerCase() === field.name.toLowerCase());
    const loss = raw && dataLoss(name, field, parseField(raw));
    if (loss !== undefined) losses.push(loss);
    if (loss !== undefined || (prune && !raw && !field.system)) continue;
    kept.push(field);
    merged.push(raw ? { ...raw, id: field.id, system: field.system } : fieldToJson(field));
  }
  const added = wanted.filter((raw) => !merged.some((other) => other["name"] === raw["name"]));
  return { original, kept, losses, body: { ...common, fields: [...merged, ...added] } };
}

/** Why a field's values can't be kept, or `undefined` if they can. */
function dataLoss(collection: string, field: Field, wanted: Field): string | undefined {
  const place = `"${collection}.${field.name}"`;
  if (field.type !== wanted.type) return `${place} is a ${field.type} field, but is declared as ${wanted.type}.`;
  if (isMultiple(field) && !isMultiple(wanted)) return `${place} holds many values, but is declared to hold one.`;
  if (field.type === "relation" && wanted.type === "relation" && field.collectionId !== wanted.collectionId) {
    return `${place} relates to a different collection than declared.`;
  }
  return undefined;
}

function isChange(body: JsonObject, context: CollectionContext): boolean {
  const { draft, original } = readImport(body, context, false);
  return !original || !Bun.deepEquals({ ...collectionOf(draft), updated: "" }, { ...original, updated: "" });
}
