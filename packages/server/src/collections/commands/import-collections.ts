import type { ErrorData, ValidationError } from "@headwater/protocol";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { StoreError, type Transaction } from "../../store/store.ts";
import { arrangeFields } from "../model/normalise-fields.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { mergeCollection } from "../model/collection-json.ts";
import { asObject, orBadRequest, type Raw, readBool, readList } from "../fields/decode-json.ts";
import { type CollectionDraft, collectionOf, draftOf } from "../model/collection-draft.ts";
import { newDraft } from "../model/new-draft.ts";
import { dropCollection } from "./drop-collection.ts";
import { engineWords, plainWords } from "../tables/engine-message.ts";
import type { Field } from "../fields/field.ts";
import { findProblems } from "../validate/validate-against-database.ts";
import { normaliseChanged, normaliseNew } from "../model/normalise-collection.ts";
import { refreshViews } from "../views/refresh-dependent-views.ts";
import type { Schema } from "../model/schema.ts";
import { storeCollection, withViewFields } from "./write-collection.ts";

interface Import {
  readonly draft: CollectionDraft;
  readonly original: Collection | undefined;
}

/**
 * Makes many collections what they are submitted to be, all or none. They may refer to each other, so all are saved
 * before the first is checked. With `deleteMissing`, collections and fields that are not submitted go.
 *
 * @throws ApiError 400 with what is wrong
 */
export async function importCollections(tx: Transaction, context: CollectionContext, body: unknown): Promise<void> {
  const { submitted, deleteMissing } = readBody(body);
  const imports = submitted.map((item) => readImport(item, context, deleteMissing)).sort(viewsLast);
  let saving = "";
  try {
    let schema = context.schema;
    if (deleteMissing) schema = await dropMissing(tx, schema, imports);
    const stored: Import[] = [];
    for (const item of imports) {
      const draft = await withViewFields(tx, item.draft, schema);
      saving = `failed to save collection ${JSON.stringify(draft.name)}: `;
      const { collection, indexes } = await storeCollection(tx, draft, item.original);
      if (indexes) throw badRequest(FAILED, { indexes });
      schema = schema.with(collection);
      stored.push({ draft, original: item.original });
    }
    saving = "";
    for (const item of stored) await check(tx, { ...context, schema }, item);
    for (const { draft } of stored) await refreshViews(tx, { schema, now: context.now }, collectionOf(draft));
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind === "busy" || error.kind === "full") throw error;
    throw failure(`Failed to import the collections configuration. Raw error:\n${saving}${engineWords(error)}`);
  }
}

function readBody(body: unknown): { readonly submitted: readonly Raw[]; readonly deleteMissing: boolean } {
  const read = () => {
    const raw = asObject(body);
    return { submitted: readList(raw, "collections").map(asObject), deleteMissing: readBool(raw, "deleteMissing") };
  };
  const answer = orBadRequest(read, "An error occurred while loading the submitted data.");
  if (answer.submitted.length > 0) return answer;
  throw badRequest("An error occurred while validating the submitted data.", { collections: REQUIRED });
}

const FAILED = "Failed to import collections.";

const failure = (message: string) =>
  badRequest(FAILED, { collections: invalid("validation_collections_import_failure", message) });

/** A submitted collection on top of the one that it names, if there is one. */
export function readImport(raw: Raw, { schema, now }: CollectionContext, deleteMissing: boolean): Import {
  const original = schema.find(toText(raw.id) || toText(raw.name));
  if (!original) {
    const scaffold = newDraft(toText(raw.type), toText(raw.name), toText(raw.id));
    const generatedId = toText(raw.id) === "" ? scaffold.id : "";
    return { draft: normaliseNew(mergeCollection(raw, scaffold), generatedId, schema, now), original };
  }
  const fields = raw.fields ?? (deleteMissing ? [] : undefined);
  const draft = mergeCollection(fields === undefined ? raw : { ...raw, fields }, draftOf(original));
  const kept = keepFields(draft.fields, original.fields, deleteMissing);
  return { draft: normaliseChanged({ ...draft, fields: kept }, now), original };
}

/** A field of the same name and type is the old one, whatever its id: its column and values stay. */
function keepFields(submitted: readonly Field[], old: readonly Field[], deleteMissing: boolean): readonly Field[] {
  let fields = submitted;
  for (const field of old) {
    if ((deleteMissing && !field.system) || fields.some(({ id }) => id === field.id)) continue;
    const same = fields.find(({ name, type }) => name === field.name && type === field.type);
    fields = same ? fields.map((other) => (other === same ? field : other)) : arrangeFields([...fields, field]);
  }
  return fields;
}

const viewsLast = (a: Import, b: Import): number =>
  Number(a.draft.type === "view") - Number(b.draft.type === "view") ||
  compare(a.draft.created, b.draft.created) ||
  compare(a.draft.updated, b.draft.updated);

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

async function dropMissing(tx: Transaction, schema: Schema, imports: readonly Import[]): Promise<Schema> {
  const imported = new Set<string>(imports.map(({ draft }) => draft.id));
  let rest = schema;
  for (const collection of schema.collections) {
    if (collection.system || imported.has(collection.id)) continue;
    await dropCollection(tx, schema, collection);
    rest = rest.without(collection.id);
  }
  return rest;
}

/** A new collection is saved by now: it is held against itself. */
async function check(tx: Transaction, context: CollectionContext, { draft, original }: Import): Promise<void> {
  const problems = await findProblems(tx, context, draft, original ?? collectionOf(draft));
  if (!problems) return;
  const details = JSON.stringify(messagesIn(problems), null, 2);
  throw failure(`Data validations failed for collection ${JSON.stringify(draft.name)} (${draft.id}):\n${details}`);
}

const messagesIn = (problems: ErrorData): Raw =>
  Object.fromEntries(
    Object.entries(problems).map(([key, problem]) => [
      key,
      isLeaf(problem) ? plainWords(problem.message) : messagesIn(problem),
    ]),
  );

const isLeaf = (problem: ValidationError | ErrorData): problem is ValidationError =>
  typeof problem.message === "string";
