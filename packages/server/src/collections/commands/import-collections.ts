import type { ErrorData, ValidationError } from "@headwater/protocol";
import { ApiError, badRequest, invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { isOutage, StoreError, type Transaction } from "../../store/store.ts";
import { normaliseFields } from "../model/normalise-fields.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { mergeCollection } from "../model/collection-json.ts";
import { asObject, orBadRequest, type JsonObject, readBool, readList } from "../fields/decode-json.ts";
import { type CollectionDraft, collectionOf, draftOf } from "../model/collection-draft.ts";
import { newDraft } from "../model/new-draft.ts";
import { dropCollection } from "./drop-collection.ts";
import { engineMessage } from "../tables/engine-message.ts";
import { detectRenames } from "./import/detect-renames.ts";
import { loadProblem } from "./import/load-problem.ts";
import { rawMessage } from "./import/raw-message.ts";
import type { Field } from "../fields/field.ts";
import { validateAgainstDatabase } from "../validate/validate-against-database.ts";
import { normaliseChanged, normaliseNew } from "../model/normalise-collection.ts";
import { renameInOptions } from "../model/own-options.ts";
import { refreshDependentViews } from "../views/refresh-dependent-views.ts";
import type { Schema } from "../model/schema.ts";
import { writeCollection, withInferredFields } from "./write-collection.ts";

interface ImportedCollection {
  readonly draft: CollectionDraft;
  readonly original: Collection | undefined;
}

/**
 * Creates and updates many collections, all or none. They may refer to each other, so all are saved before the first is
 * validated. With `deleteMissing`, collections and fields that are not submitted are deleted.
 *
 * @throws ApiError 400 with the problems
 */
export async function importCollections(tx: Transaction, context: CollectionContext, body: unknown): Promise<void> {
  const { submitted, deleteMissing, renames } = readImportBody(body);
  const named = renames ? detectRenames(submitted, context.schema) : submitted;
  const imports = named.map((item) => loadImport(item, context, deleteMissing)).sort(viewsLast);
  let saving = "";
  try {
    let schema = context.schema;
    if (deleteMissing) schema = await dropMissing(tx, schema, imports);
    const stored: ImportedCollection[] = [];
    for (const item of imports) {
      const draft = await withInferredFields(tx, item.draft, schema);
      saving = `failed to save collection ${JSON.stringify(draft.name)}: `;
      const { collection, indexes } = await writeCollection(tx, draft, item.original);
      if (indexes) throw badRequest(FAILED, { indexes });
      schema = schema.with(collection);
      stored.push({ draft, original: item.original });
    }
    saving = "";
    for (const item of stored) await check(tx, { ...context, schema }, item);
    for (const { draft } of stored) await refreshDependentViews(tx, { schema, now: context.now }, collectionOf(draft));
  } catch (error) {
    if (!(error instanceof StoreError) || isOutage(error)) throw error;
    throw failure(`Failed to import the collections configuration. Raw error:\n${saving}${engineMessage(error)}`);
  }
}

/** The body of an import. */
export interface ImportBody {
  readonly submitted: readonly JsonObject[];
  readonly deleteMissing: boolean;
  /** Whether one that is missing and one that is new may be the same under another name. */
  readonly renames: boolean;
  readonly isDryRun: boolean;
}

/** @throws ApiError 400 for a body that is none */
export function readImportBody(body: unknown): ImportBody {
  const read = (): ImportBody => {
    const raw = asObject(body);
    return {
      submitted: readList(raw, "collections").map((item) => asObject(item ?? {})),
      deleteMissing: readBool(raw, "deleteMissing"),
      renames: readBool(raw, "detectRenames"),
      isDryRun: readBool(raw, "dryRun"),
    };
  };
  const result = orBadRequest(read, "An error occurred while loading the submitted data.");
  if (result.submitted.length > 0) return result;
  throw badRequest("An error occurred while validating the submitted data.", { collections: REQUIRED });
}

function loadImport(raw: JsonObject, context: CollectionContext, deleteMissing: boolean): ImportedCollection {
  try {
    return readImport(raw, context, deleteMissing);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw failure(`Failed to import the collections configuration. Raw error:\n${loadProblem(raw)}`);
  }
}

const FAILED = "Failed to import collections.";

const failure = (message: string) =>
  badRequest(FAILED, { collections: invalid("validation_collections_import_failure", message) });

/** Reads a submitted collection on top of the existing one that it names, if any. */
export function readImport(
  raw: JsonObject,
  { schema, now }: CollectionContext,
  deleteMissing: boolean,
): ImportedCollection {
  const original = schema.find(toText(raw.id) || toText(raw.name));
  if (!original) {
    const scaffold = newDraft(toText(raw.type), toText(raw.name), toText(raw.id));
    const generatedId = toText(raw.id) === "" ? scaffold.id : "";
    return { draft: normaliseNew(mergeCollection(raw, scaffold), generatedId, schema, now), original };
  }
  const fields = raw.fields ?? (deleteMissing ? [] : undefined);
  const draft = mergeCollection(fields === undefined ? raw : { ...raw, fields }, draftOf(original));
  const kept = keepFields(draft.fields, original.fields, deleteMissing);
  return { draft: normaliseChanged(renameInOptions({ ...draft, fields: kept }, original), now), original };
}

/** A field with the name and type of an old one is that field, whatever its id, so its column and values are kept. */
function keepFields(submitted: readonly Field[], old: readonly Field[], deleteMissing: boolean): readonly Field[] {
  let fields = submitted;
  for (const field of old) {
    if ((deleteMissing && !field.system) || fields.some(({ id }) => id === field.id)) continue;
    const same = fields.find(({ name, type }) => name === field.name && type === field.type);
    fields = same ? fields.map((other) => (other === same ? field : other)) : normaliseFields([...fields, field]);
  }
  return fields;
}

const viewsLast = (a: ImportedCollection, b: ImportedCollection): number =>
  Number(a.draft.type === "view") - Number(b.draft.type === "view") ||
  compare(a.draft.created, b.draft.created) ||
  compare(a.draft.updated, b.draft.updated);

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

async function dropMissing(tx: Transaction, schema: Schema, imports: readonly ImportedCollection[]): Promise<Schema> {
  const imported = new Set<string>(imports.map(({ draft }) => draft.id));
  let rest = schema;
  for (const collection of schema.collections) {
    if (collection.system || imported.has(collection.id)) continue;
    await dropCollection(tx, schema, collection);
    rest = rest.without(collection.id);
  }
  return rest;
}

/** A new collection is already saved at this point, so it is validated against itself. */
async function check(
  tx: Transaction,
  context: CollectionContext,
  { draft, original }: ImportedCollection,
): Promise<void> {
  const problems = await validateAgainstDatabase(tx, context, draft, original ?? collectionOf(draft));
  if (!problems) return;
  const details = JSON.stringify(messagesIn(problems), null, 2);
  throw failure(`Data validations failed for collection ${JSON.stringify(draft.name)} (${draft.id}):\n${details}`);
}

/** Go writes keys in their order. */
const messagesIn = (problems: ErrorData): JsonObject =>
  Object.fromEntries(
    Object.entries(problems)
      .map(([key, problem]) => [key, isLeaf(problem) ? rawMessage(problem) : messagesIn(problem)] as const)
      .sort(([a], [b]) => compare(a, b)),
  );

const isLeaf = (problem: ValidationError | ErrorData): problem is ValidationError =>
  typeof problem.message === "string";
