import type { FieldValue, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser, type Principal, principalKey } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { emailViewer } from "./email-visibility.ts";
import { expandRecords, type Shown } from "./expand.ts";
import { parseExpand } from "./expand-paths.ts";
import { manageRuleOf } from "../rule-check/manage-access.ts";
import type { RecordContext } from "../model/record-context.ts";

type JsonObject = Record<string, unknown>;

/**
 * Records as the API shows them to the principal: without hidden fields, with the collection's id and name, with the
 * related records that were asked for, keys sorted.
 *
 * @param records all of the collection
 * @param expand the parameter's text; "" for none
 */
export async function presentRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
  expand: string,
): Promise<JsonObject[]> {
  const showsEmail = await emailViewer(reader, context, collection, records);
  const shown = records.map((values): Shown => ({ collection, values, showsEmail: showsEmail(values) }));
  if (expand !== "") await expandRecords(reader, context, shown, parseExpand(expand));
  return shown.map((record) => toJson(record, isSuperuser(context.principal)));
}

/** A record as the application itself sees it: all but what is secret. */
export const showToApp = (collection: Collection, values: RecordValues): JsonObject =>
  toJson({ collection, values, showsEmail: true }, true);

/**
 * Equal keys promise equal JSON of the same values; different keys promise nothing.
 *
 * @param record the id of the one record that is shown, if there is one
 */
export function viewKey(principal: Principal, collection: Collection, expand: string, record?: string): string {
  if (isSuperuser(principal)) return "superuser";
  if (expand !== "" || manageRuleOf(collection) !== undefined) return principalKey(principal);
  if (collection.type !== "auth" || principal.kind === "guest") return "";
  if (record === undefined) return principal.values.id;
  return record === principal.values.id ? "own" : "";
}

function toJson({ collection, values, showsEmail, expand }: Shown, seesHidden: boolean): JsonObject {
  const json: JsonObject = {};
  for (const { key, show } of keysOf(collection, seesHidden)) {
    if (key === "expand") {
      if (expand) json[key] = expandToJson(expand, seesHidden);
    } else if (showsEmail || key !== "email") {
      json[key] = show(values);
    }
  }
  return json;
}

function expandToJson(expand: NonNullable<Shown["expand"]>, seesHidden: boolean): JsonObject {
  const entries = [...expand].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([name, shown]) => [
      name,
      "collection" in shown ? toJson(shown, seesHidden) : shown.map((record) => toJson(record, seesHidden)),
    ]),
  );
}

interface Key {
  readonly key: string;
  readonly show: (values: RecordValues) => FieldValue;
}

const known = { all: new WeakMap<Collection, readonly Key[]>(), public: new WeakMap<Collection, readonly Key[]>() };

/** Which keys, and in which order, is the same for all records of a collection: sorted once, not once a record. */
function keysOf(collection: Collection, seesHidden: boolean): readonly Key[] {
  const cache = seesHidden ? known.all : known.public;
  let keys = cache.get(collection);
  if (!keys) cache.set(collection, (keys = sortKeys(collection, seesHidden)));
  return keys;
}

function sortKeys(collection: Collection, seesHidden: boolean): readonly Key[] {
  const keys: Key[] = [
    { key: "collectionId", show: () => collection.id },
    { key: "collectionName", show: () => collection.name },
    { key: "expand", show: () => null },
  ];
  for (const { name, type, hidden } of collection.fields) {
    if (hidden && !seesHidden) continue;
    if (collection.type === "auth" && (name === "password" || name === "tokenKey")) continue;
    // A password shows as blank: only its hash is known, and that is nobody's business.
    keys.push({ key: name, show: type === "password" ? () => "" : (values) => values[name] ?? null });
  }
  return keys.sort((a, b) => (a.key < b.key ? -1 : 1));
}
