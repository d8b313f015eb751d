import type { RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { toText } from "../../lib/coerce.ts";
import { parseJson } from "../../lib/json-value.ts";
import { affinityOf } from "./column-affinity.ts";
import type { BodyItems, FieldChange, FieldOperand, Operand, RequestOperand } from "../resolve/condition.ts";
import { macroValue } from "../syntax/macros.ts";
import { bodyItems, requestValue } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";
import { comparer, type Trait } from "./compare-values.ts";
import { extractJson, isSafePath, isTooDeep, itemOf } from "./extract-json.ts";
import { isNull, lowerAscii, type Scalar, textOf, Undecided } from "./scalar.ts";
import { likePattern } from "../syntax/like-pattern.ts";

/** What a predicate is asked about. */
export interface Subject {
  readonly values: RecordValues;
  readonly context: RuleContext;
  readonly now: Date;
  /** The item at hand of each list that the rule goes through, in the order of `Lists`. */
  readonly items: Scalar[];
}

/** The items of a list, in order. */
export type Items = (subject: Subject) => readonly Scalar[];

/** An operand, ready to be read. */
export interface Reading {
  readonly trait: Trait;
  readonly read: (subject: Subject) => Scalar;
  /** Its LIKE pattern, when it is the value itself that is made one. */
  readonly pattern?: (subject: Subject) => string | null;
  /** All its values, when it may have many. */
  readonly all?: Items;
}

/** The lists that a rule goes through: a list that is named twice is at the same item in both places. */
export class Lists {
  readonly all: Items[] = [];
  readonly #places = new Map<string, number>();

  place(key: string, items: Items): number {
    let place = this.#places.get(key);
    if (place === undefined) this.#places.set(key, (place = this.all.push(items) - 1));
    return place;
  }
}

const COLUMN: Trait = { affinity: "none", floats: false, nulls: "plain", origin: "column" };
const BOUND: Trait = { ...COLUMN, floats: true, origin: "bound" };
const FILLED: Trait = { ...COLUMN, origin: "filled" };
const COUNT: Trait = { ...COLUMN, origin: "count" };
const EXACT: Trait = { ...COLUMN, nulls: "exact" };

/** How an operand is read; `undefined` for one that takes the database. */
export function readingOf(operand: Operand, collection: Collection, lists: Lists): Reading | undefined {
  switch (operand.kind) {
    case "literal": {
      const value = wellFormed(operand.value);
      const pattern = likePattern(toText(value));
      return { trait: BOUND, read: () => value, pattern: () => pattern };
    }
    case "constant":
      return { trait: operand.value === null ? BOUND : FILLED, read: () => operand.value };
    case "macro":
      return {
        trait: BOUND,
        read: ({ now }) => macroValue(operand.name, now),
        pattern: ({ now }) => likePattern(toText(macroValue(operand.name, now))),
      };
    case "request":
      return requestReading(operand);
    case "field":
      return operand.steps.length > 0 ? undefined : fieldReading(operand, collection, lists);
    case "bodyItems":
      return itemsReading(operand, lists);
    case "changed":
      return changeReading(operand, collection, lists);
    case "bodyRelation":
    case "geoDistance":
    case "strftime":
      return undefined;
  }
}

function requestReading(operand: RequestOperand): Reading {
  const value = ({ context }: Subject): Scalar => wellFormed(requestValue(operand, context));
  if (operand.reading === "isset") return { trait: FILLED, read: value };
  if (operand.reading === "length") return { trait: COUNT, read: value };
  const pattern = (subject: Subject): string | null => {
    const found = value(subject);
    return found === null ? null : likePattern(toText(found));
  };
  return { trait: BOUND, read: operand.lower ? lowered(value, BOUND) : value, pattern };
}

function fieldReading({ access }: FieldOperand, collection: Collection, lists: Lists): Reading | undefined {
  const field = findField(collection, access.column.name);
  if (!field) return undefined;
  const stored = storedOf(field);
  switch (access.kind) {
    case "column": {
      const trait: Trait = { ...COLUMN, affinity: affinityOf(field) };
      return access.lower ? { trait: COLUMN, read: lowered(stored, trait) } : { trait, read: stored };
    }
    case "json": {
      if (!isSafePath(access.path)) return undefined;
      const read = (subject: Subject): Scalar => extractJson(jsonOf(field, subject), access.path);
      return { trait: EXACT, read: access.lower ? lowered(read, EXACT) : read };
    }
    case "length":
      if (!access.column.multiple) return { trait: COLUMN, read: (subject) => lengthOf(stored(subject)) };
      return { trait: COLUMN, read: (subject) => textsOf(field, subject).length };
    case "each": {
      // What one value holds that looks like a list is the database's affair.
      if (!access.column.multiple) return undefined;
      const all = (subject: Subject): readonly Scalar[] => textsOf(field, subject);
      const place = lists.place(field.name, all);
      return { trait: { ...COLUMN, affinity: "blob" }, read: ({ items }) => items[place]!, all };
    }
  }
}

function itemsReading({ field }: BodyItems, lists: Lists): Reading {
  const all = ({ context }: Subject): readonly Scalar[] => {
    const items = bodyItems(field.name, context);
    if (isTooDeep(items)) throw new Undecided();
    return items.map(itemOf);
  };
  const place = lists.place(`@body.${field.name}`, all);
  const reading: Reading = { trait: { ...FILLED, affinity: "blob" }, read: ({ items }) => items[place]! };
  return field.maxSelect > 1 ? { ...reading, all } : reading;
}

function changeReading(change: FieldChange, collection: Collection, lists: Lists): Reading | undefined {
  const submitted = requestReading(change.submitted);
  const stored = readingOf(change.stored, collection, lists);
  if (!stored) return undefined;
  const differs = comparer(submitted.trait, "!=", stored.trait);
  const read = (subject: Subject): Scalar =>
    requestValue(change.isset, subject.context) === true && differs(submitted.read(subject), stored.read(subject));
  return { trait: EXACT, read };
}

/** The column's content. */
function storedOf(field: Field): (subject: Subject) => Scalar {
  const kind = kindOf(field);
  return ({ values }) => {
    const stored = kind.toColumn(field, values[field.name] ?? null);
    if (typeof stored === "string") return stored.toWellFormed();
    return typeof stored === "number" && !Number.isNaN(stored) ? stored : null;
  };
}

function jsonOf(field: Field, { values }: Subject): unknown {
  const value = values[field.name] ?? null;
  return field.type === "json" ? value : parseJson(toText(kindOf(field).toColumn(field, value)));
}

function textsOf(field: Field, { values }: Subject): readonly string[] {
  const texts = kindOf(field).normalise(field, values[field.name] ?? null);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the normal form of a field that holds a list
  return texts as readonly string[];
}

function lengthOf(stored: Scalar): number {
  if (stored === "" || typeof stored !== "string") return 0;
  const value = parseJson(stored);
  return Array.isArray(value) && !isTooDeep(value) ? value.length : 1;
}

function lowered(read: Reading["read"], { floats }: Trait): Reading["read"] {
  return (subject) => {
    const value = read(subject);
    return isNull(value) ? value : lowerAscii(textOf(value, floats));
  };
}

/** A text as it is bound: half of a pair of surrogates becomes the replacement character. */
const wellFormed = <Value extends Scalar>(value: Value): Value | string =>
  typeof value === "string" ? value.toWellFormed() : value;
