import type { FieldValue, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser, type Principal, principalKey } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { emailVisibility } from "./email-visibility.ts";
import { expandRecords, type PresentedRecord } from "./expand.ts";
import { parseExpand } from "./expand-paths.ts";
import { manageRuleOf } from "../rule-check/manage-rule.ts";
import type { RecordContext } from "../model/record-context.ts";

type JsonObject = Record<string, unknown>;

/**
 * Records as the API returns them to the principal: without hidden fields, with the collection's id and name and the
 * requested related records, keys sorted.
 *
 * @param records all of this collection
 * @param expand the parameter's text; "" for none
 */
export async function presentRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
  expand: string,
): Promise<JsonObject[]> {
  const showsEmail = await emailVisibility(reader, context, collection, records);
  const shown = records.map((values): PresentedRecord => ({ collection, values, showsEmail: showsEmail(values) }));
  if (expand !== "") await expandRecords(reader, context, shown, parseExpand(expand));
  return shown.map((record) => toJson(record, isSuperuser(context.principal)));
}

/** A record as the application gets it: with hidden fields and the email, without secrets. */
export const presentToApp = (collection: Collection, values: RecordValues): JsonObject =>
  toJson({ collection, values, showsEmail: true }, true);

/**
 * Principals with equal keys get equal JSON for the same values. Different keys say nothing.
 *
 * @param record the id of the record, if it is always the same one
 */
export function presentationKey(principal: Principal, collection: Collection, expand: string, record?: string): string {
  if (isSuperuser(principal)) return "superuser";
  if (expand !== "" || manageRuleOf(collection) !== undefined) return principalKey(principal);
  if (collection.type !== "auth" || principal.kind === "guest") return "";
  if (record === undefined) return principal.values.id;
  return record === principal.values.id ? "own" : "";
}

function toJson({ collection, values, showsEmail, expand }: PresentedRecord, seesHidden: boolean): JsonObject {
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

function expandToJson(expand: NonNullable<PresentedRecord["expand"]>, seesHidden: boolean): JsonObject {
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

/** All records of a collection have the same keys in the same order, so they are sorted once. */
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
    // A password appears as an empty text. Only its hash is stored, which is never returned.
    keys.push({ key: name, show: type === "password" ? () => "" : (values) => values[name] ?? null });
  }
  return keys.sort((a, b) => (a.key < b.key ? -1 : 1));
}
