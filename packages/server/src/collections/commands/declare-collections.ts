import { UserError } from "../../lib/user-error.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import type { Raw } from "../fields/decode-json.ts";
import { collectionOf } from "../model/collection-draft.ts";
import { generatedId } from "../model/new-draft.ts";
import { type Field, isMultiple } from "../fields/field.ts";
import { fieldToJson, parseField } from "../fields/field-kinds.ts";
import { importCollections, readImport } from "./import-collections.ts";
import { loadSchema } from "../model/registry.ts";
import { updateCollection } from "./update-collection.ts";

/** A collection as a program declares it. */
export interface Declared {
  readonly name: string;
  readonly type: Collection["type"];
  /** In PocketBase's form, without ids; relations name their collection in `collectionId`. */
  readonly fields: readonly Raw[];
  /** Rules, indexes and whatever else the collections API takes. */
  readonly options: Raw;
}

/**
 * Makes collections what they are declared to be; those that are already stay untouched. Other collections are nobody's
 * business here, and what a field holds is dropped with consent only.
 *
 * @param prune consent: fields that are not declared go, and those that can't become what is declared are made anew
 * @throws UserError for a declaration that can't be followed, ApiError 400 for one that is invalid
 */
export async function declareCollections(
  tx: Transaction,
  context: CollectionContext,
  declared: readonly Declared[],
  { prune }: { readonly prune: boolean },
): Promise<void> {
  const idOf = (name: string): string => {
    const known = context.schema.find(name)?.id;
    if (known) return known;
    const other = declared.find((each) => each.name === name);
    if (other) return generatedId(other.type, other.name);
    throw new UserError(`There is no collection "${name}" to relate to.`);
  };
  const plans = declared.map((each) => planOf(each, context.schema.find(each.name), idOf, prune));
  const losses = prune ? [] : plans.flatMap(({ losses: own }) => own);
  if (losses.length > 0) {
    throw new UserError(`${losses.join(" ")} That would drop what is stored; { prune: true } allows it.`);
  }
  for (const { original, kept } of plans) {
    if (!original || kept.length === original.fields.length) continue;
    // Rules may name what goes; the declared ones follow.
    await updateCollection(tx, { ...context, schema: await loadSchema(tx) }, original.id, {
      ...NO_RULES,
      fields: kept.map(fieldToJson),
    });
  }
  const current = { ...context, schema: await loadSchema(tx) };
  const collections = plans.map(({ body }) => body).filter((body) => isNews(body, current));
  if (collections.length > 0) await importCollections(tx, current, { collections });
}

const NO_RULES = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };

interface Plan {
  readonly original: Collection | undefined;
  /** The fields of the original that stay. */
  readonly kept: readonly Field[];
  /** Why fields that are declared can't stay as they are. */
  readonly losses: readonly string[];
  /** For the import. */
  readonly body: Raw;
}

function planOf(
  { name, type, fields, options }: Declared,
  original: Collection | undefined,
  idOf: (name: string) => string,
  prune: boolean,
): Plan {
  if (original && original.type !== type) {
    throw new UserError(`The collection "${name}" is of the type ${original.type}, and declared as ${type}.`);
  }
  const common = { id: original?.id ?? generatedId(type, name), name, type, ...NO_RULES, ...options };
  // A view has the fields of its query, whatever is declared.
  if (type === "view") return { original, kept: original?.fields ?? [], losses: [], body: common };

  const wanted = fields.map((raw) =>
    raw["type"] === "relation" ? { ...raw, collectionId: idOf(String(raw["collectionId"])) } : raw,
  );
  const kept: Field[] = [];
  const losses: string[] = [];
  const merged: Raw[] = [];
  for (const field of original?.fields ?? []) {
    const raw = wanted.find((other) => String(other["name"]).toLowerCase() === field.name.toLowerCase());
    const loss = raw && lossOf(name, field, parseField(raw));
    if (loss !== undefined) losses.push(loss);
    if (loss !== undefined || (prune && !raw && !field.system)) continue;
    kept.push(field);
    merged.push(raw ? { ...raw, id: field.id, system: field.system } : fieldToJson(field));
  }
  const added = wanted.filter((raw) => !merged.some((other) => other["name"] === raw["name"]));
  return { original, kept, losses, body: { ...common, fields: [...merged, ...added] } };
}

/** What keeps a field's values from being values of the declared one. */
function lossOf(collection: string, field: Field, wanted: Field): string | undefined {
  const place = `"${collection}.${field.name}"`;
  if (field.type !== wanted.type) return `${place} is a ${field.type} field, and declared as ${wanted.type}.`;
  if (isMultiple(field) && !isMultiple(wanted)) return `${place} holds many values, and is declared to hold one.`;
  if (field.type === "relation" && wanted.type === "relation" && field.collectionId !== wanted.collectionId) {
    return `${place} relates to another collection than is declared.`;
  }
  return undefined;
}

function isNews(body: Raw, context: CollectionContext): boolean {
  const { draft, original } = readImport(body, context, false);
  return !original || !Bun.deepEquals({ ...collectionOf(draft), updated: "" }, { ...original, updated: "" });
}
