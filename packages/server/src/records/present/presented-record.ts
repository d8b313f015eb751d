import { type FieldValue, type RecordValues, VERSION_KEY } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { type FieldPick, pickFields, pickOf } from "../../lib/pick-fields.ts";

export type JsonObject = Record<string, unknown>;

/** A record on its way to JSON, with its related records. Records that refer to the same one share it. */
export interface PresentedRecord {
  readonly collection: Collection;
  readonly values: RecordValues;
  readonly showsEmail: boolean;
  /** Set if the answer says it. */
  readonly version?: string;
  /** More keys, each with an `@` in front. */
  readonly extra?: Readonly<JsonObject>;
  /** Related records by the part of a path. Set, if only to an empty map, once any path was valid. */
  expand?: Map<string, PresentedRecord | readonly PresentedRecord[]>;
}

export function toJson(
  { collection, values, showsEmail, version, extra, expand }: PresentedRecord,
  seesHidden: boolean,
): JsonObject {
  const json: JsonObject = extra ? { ...extra } : {};
  if (version !== undefined) json[VERSION_KEY] = version;
  for (const { key, show } of keysOf(collection, seesHidden)) {
    if (key === "expand") {
      if (expand) json[key] = expandToJson(expand, seesHidden);
    } else if (showsEmail || key !== "email") {
      json[key] = show(values);
    }
  }
  return json;
}

type Expand = NonNullable<PresentedRecord["expand"]>;

const sorted = (expand: Expand): [string, PresentedRecord | readonly PresentedRecord[]][] =>
  [...expand].sort(([a], [b]) => (a < b ? -1 : 1));

const isOne = (shown: PresentedRecord | readonly PresentedRecord[]): shown is PresentedRecord => "collection" in shown;

const expandToJson = (expand: Expand, seesHidden: boolean): JsonObject =>
  Object.fromEntries(
    sorted(expand).map(([name, shown]) => [
      name,
      isOne(shown) ? toJson(shown, seesHidden) : shown.map((record) => toJson(record, seesHidden)),
    ]),
  );

/**
 * Writes records as JSON text. A record that many refer to is written once and its text shared: the work grows with the
 * number of records, not with that of the paths that lead to them.
 */
export class JsonWriter {
  readonly #seesHidden: boolean;
  readonly #texts = new Map<FieldPick | undefined, Map<PresentedRecord, string>>();

  constructor(seesHidden: boolean) {
    this.#seesHidden = seesHidden;
  }

  /** The text of a related record. */
  #shared(record: PresentedRecord, pick: FieldPick | undefined): string {
    let texts = this.#texts.get(pick);
    if (!texts) this.#texts.set(pick, (texts = new Map()));
    let text = texts.get(record);
    if (text === undefined) texts.set(record, (text = this.text(record, pick)));
    return text;
  }

  /** @param pick what the `fields` parameter keeps; everything if `undefined` */
  text(record: PresentedRecord, pick: FieldPick | undefined): string {
    const { expand: related, ...plain } = record;
    const all = toJson(plain, this.#seesHidden);
    const own = pick ? (pickFields(all, pick) as JsonObject) : all;
    const expand = related && this.#expandText(related, pick);
    if (expand === undefined) return JSON.stringify(own);
    const entries = Object.entries(own);
    const before = membersOf(entries.filter(([key]) => key < "expand"));
    const after = membersOf(entries.filter(([key]) => key > "expand"));
    return `{${[before, `"expand":${expand}`, after].filter((part) => part !== "").join()}}`;
  }

  /** @returns `undefined` if the picked fields leave out `expand` */
  #expandText(expand: Expand, pick: FieldPick | undefined): string | undefined {
    const inner = pick && partOf(pick, "expand");
    if (inner === "nothing") return undefined;
    const members: string[] = [];
    for (const [name, shown] of sorted(expand)) {
      const own = inner && partOf(inner, name);
      if (own === "nothing") continue;
      const value = isOne(shown)
        ? this.#shared(shown, own)
        : `[${shown.map((record) => this.#shared(record, own)).join()}]`;
      members.push(`${JSON.stringify(name)}:${value}`);
    }
    return `{${members.join()}}`;
  }
}

/** What to keep of the value of a key, as `pickFields` does; `undefined` for all of it. */
function partOf(pick: FieldPick, key: string): FieldPick | undefined | "nothing" {
  const kept = pickOf(pick, key);
  if (!kept) return "nothing";
  return kept.isWhole ? undefined : kept;
}

const membersOf = (entries: readonly (readonly [string, unknown])[]): string =>
  JSON.stringify(Object.fromEntries(entries)).slice(1, -1);

/** The length of a record's JSON, about: with its related records as often as they appear. */
export function lengthOf(record: PresentedRecord, known: Map<PresentedRecord, number>): number {
  if (!record.expand) return lengthOfValues(record.values);
  const before = known.get(record);
  if (before !== undefined) return before;
  let length = lengthOfValues(record.values);
  for (const shown of record.expand.values()) {
    for (const related of isOne(shown) ? [shown] : shown) length += lengthOf(related, known);
  }
  known.set(record, length);
  return length;
}

/** Names, quotes and small values of a field. */
const FIELD_LENGTH = 24;

/** The length of a record's own JSON, about. */
export function lengthOfValues(values: RecordValues): number {
  let length = 0;
  for (const name in values) {
    const value = values[name];
    length += FIELD_LENGTH;
    if (typeof value === "string") length += value.length;
    else if (typeof value === "object" && value !== null) length += JSON.stringify(value).length;
  }
  return length;
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
