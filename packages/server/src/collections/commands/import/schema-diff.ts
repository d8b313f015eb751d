import { type Field, isMultiple } from "../../fields/field.ts";
import { fieldToJson } from "../../fields/field-kinds.ts";
import type { Collection } from "../../model/collection.ts";
import { collectionToJson } from "../../model/collection-json.ts";
import type { Schema } from "../../model/schema.ts";

export interface FieldChange {
  readonly action: "add" | "remove" | "update";
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Its earlier name, if that differs. */
  readonly from?: string;
  /** The options that differ. */
  readonly options?: readonly string[];
}

/** What a change does to stored values that it doesn't keep. */
export interface Loss {
  readonly kind: "records" | "values" | "all but the last value";
  /** `undefined` for all records of the collection. */
  readonly field?: string;
  /** How many records lose something. */
  readonly records: number;
}

export interface CollectionDiff {
  readonly action: "create" | "update" | "delete";
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly from?: string;
  /** Rules and options that differ. */
  readonly options: readonly string[];
  readonly fields: readonly FieldChange[];
  readonly indexes: { readonly add: readonly string[]; readonly remove: readonly string[] };
  readonly loses: readonly Loss[];
}

/** A loss before it is counted: which records of the stored table it concerns. */
export interface PossibleLoss {
  readonly kind: Loss["kind"];
  readonly collection: Collection;
  readonly field?: Field;
}

/** Everything that differs between two schemas, collections matched by id. */
export function diffSchemas(before: Schema, after: Schema): readonly Omit<CollectionDiff, "loses">[] {
  const deleted = before.collections.filter(({ id }) => !after.find(id));
  const kept = after.collections.map((collection) => diffCollection(findById(before, collection.id), collection));
  return [...deleted.map((collection) => diffCollection(collection, undefined)), ...kept].filter(
    (diff) => diff !== undefined,
  );
}

/** What may be lost of the stored records. */
export function possibleLosses(before: Schema, after: Schema): readonly PossibleLoss[] {
  return before.collections.flatMap((collection): readonly PossibleLoss[] => {
    if (collection.type === "view") return [];
    const now = findById(after, collection.id);
    if (!now) return [{ kind: "records", collection }];
    return collection.fields.flatMap((field): readonly PossibleLoss[] => {
      const changed = now.fields.find(({ id }) => id === field.id);
      if (!changed) return [{ kind: "values", collection, field }];
      const isCut = isMultiple(field) && !isMultiple(changed);
      return isCut ? [{ kind: "all but the last value", collection, field }] : [];
    });
  });
}

const findById = (schema: Schema, id: string): Collection | undefined =>
  schema.collections.find((collection) => collection.id === id);

function diffCollection(
  before: Collection | undefined,
  after: Collection | undefined,
): Omit<CollectionDiff, "loses"> | undefined {
  const known = after ?? before;
  if (!known) return undefined;
  const { id, name, type } = known;
  const options = before && after ? differing(collectionToJson(before), collectionToJson(after), NOT_OPTIONS) : [];
  const fields = type === "view" ? [] : diffFields(before?.fields ?? [], after?.fields ?? []);
  const indexes = {
    add: without(after?.indexes ?? [], before?.indexes ?? []),
    remove: without(before?.indexes ?? [], after?.indexes ?? []),
  };
  const from = before && after && before.name !== name ? { from: before.name } : {};
  const isSame = options.length + fields.length + indexes.add.length + indexes.remove.length === 0;
  if (before && after && isSame && !("from" in from)) return undefined;
  const action = before ? (after ? "update" : "delete") : "create";
  return { action, id, name, type, ...from, options, fields, indexes };
}

/** What is compared by itself, or says when something changed. */
const NOT_OPTIONS: ReadonlySet<string> = new Set(["id", "name", "fields", "indexes", "created", "updated"]);

function diffFields(before: readonly Field[], after: readonly Field[]): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  for (const { id, name, type } of before) {
    if (!after.some((field) => field.id === id)) changes.push({ action: "remove", id, name, type });
  }
  for (const field of after) {
    const { id, name, type } = field;
    const old = before.find((other) => other.id === id);
    const options = old ? differing(fieldToJson(old), fieldToJson(field), NOT_OPTIONS) : [];
    if (!old) changes.push({ action: "add", id, name, type });
    else if (old.name !== name || options.length > 0) {
      const from = old.name === name ? {} : { from: old.name };
      changes.push({ action: "update", id, name, type, ...from, ...(options.length > 0 && { options }) });
    }
  }
  return changes;
}

function differing(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  except: ReadonlySet<string>,
): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !except.has(key) && !Bun.deepEquals(before[key], after[key])).sort();
}

const without = (items: readonly string[], others: readonly string[]): readonly string[] =>
  items.filter((item) => !others.includes(item));
