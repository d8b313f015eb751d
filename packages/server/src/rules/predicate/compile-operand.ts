import type { RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { toText } from "../../lib/text/coerce.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import { affinityOf } from "./column-affinity.ts";
import type { BodyItems, FieldChange, FieldOperand, Operand, RequestOperand } from "../resolve/condition.ts";
import { macroValue } from "../syntax/macros.ts";
import { bodyItems, requestValue } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";
import { compileComparison, type OperandTraits } from "./compare-values.ts";
import { extractJson, isSafePath, isTooDeep, jsonItem } from "./extract-json.ts";
import { isNull, lowerAscii, type Scalar, scalarText, NeedsDatabase } from "./scalar.ts";
import { likePattern } from "../syntax/like-pattern.ts";

/** What a predicate is evaluated on. */
export interface PredicateInput {
  readonly values: RecordValues;
  readonly context: RuleContext;
  readonly now: Date;
  /** The current item of each list, by its slot in `IteratedLists`. */
  readonly items: Scalar[];
}

/** Reads the items of a list, in order. */
export type ReadItems = (input: PredicateInput) => readonly Scalar[];

/** An operand as functions over the input. */
export interface CompiledOperand {
  readonly traits: OperandTraits;
  readonly read: (input: PredicateInput) => Scalar;
  /** Its LIKE pattern, if the value itself is turned into one. */
  readonly pattern?: (input: PredicateInput) => string | null;
  /** All its values, if it may have many. */
  readonly all?: ReadItems;
}

/** The lists that a rule iterates over. A list that is named twice has the same current item in both operands. */
export class IteratedLists {
  readonly all: ReadItems[] = [];
  readonly #slots = new Map<string, number>();

  slot(key: string, items: ReadItems): number {
    let slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, (slot = this.all.push(items) - 1));
    return slot;
  }
}

const COLUMN: OperandTraits = { affinity: "none", floats: false, nulls: "plain", origin: "column" };
const BOUND: OperandTraits = { ...COLUMN, floats: true, origin: "bound" };
const FILLED: OperandTraits = { ...COLUMN, origin: "filled" };
const COUNT: OperandTraits = { ...COLUMN, origin: "count" };
const EXACT: OperandTraits = { ...COLUMN, nulls: "exact" };

/** Compiles an operand; `undefined` for one that needs the database. */
export function compileOperand(
  operand: Operand,
  collection: Collection,
  lists: IteratedLists,
): CompiledOperand | undefined {
  switch (operand.kind) {
    case "literal": {
      const value = wellFormed(operand.value);
      const pattern = likePattern(toText(value));
      return { traits: BOUND, read: () => value, pattern: () => pattern };
    }
    case "constant":
      return { traits: operand.value === null ? BOUND : FILLED, read: () => operand.value };
    case "macro":
      return {
        traits: BOUND,
        read: ({ now }) => macroValue(operand.name, now),
        pattern: ({ now }) => likePattern(toText(macroValue(operand.name, now))),
      };
    case "request":
      return compileRequest(operand);
    case "field":
      return operand.steps.length > 0 ? undefined : compileField(operand, collection, lists);
    case "bodyItems":
      return compileBodyItems(operand, lists);
    case "changed":
      // In a client's filter the stored email counts only if the client sees it, which the database knows.
      if (operand.stored.kind === "field" && operand.stored.publicEmail) return undefined;
      return compileChange(operand, collection, lists);
    case "bodyRelation":
    case "geoDistance":
    case "strftime":
      return undefined;
  }
}

function compileRequest(operand: RequestOperand): CompiledOperand {
  const value = ({ context }: PredicateInput): Scalar => wellFormed(requestValue(operand, context));
  if (operand.reading === "isset") return { traits: FILLED, read: value };
  if (operand.reading === "length") return { traits: COUNT, read: value };
  const pattern = (input: PredicateInput): string | null => {
    const found = value(input);
    return found === null ? null : likePattern(toText(found));
  };
  return { traits: BOUND, read: operand.lower ? lowerCaseReader(value, BOUND) : value, pattern };
}

function compileField(
  { access }: FieldOperand,
  collection: Collection,
  lists: IteratedLists,
): CompiledOperand | undefined {
  const field = findField(collection, access.column.name);
  if (!field) return undefined;
  const stored = columnReader(field);
  switch (access.kind) {
    case "column": {
      const traits: OperandTraits = { ...COLUMN, affinity: affinityOf(field) };
      return access.lower ? { traits: COLUMN, read: lowerCaseReader(stored, traits) } : { traits, read: stored };
    }
    case "json": {
      if (!isSafePath(access.path)) return undefined;
      const read = (input: PredicateInput): Scalar => extractJson(jsonValue(field, input), access.path);
      return { traits: EXACT, read: access.lower ? lowerCaseReader(read, EXACT) : read };
    }
    case "length":
      if (!access.column.multiple) return { traits: COLUMN, read: (input) => lengthOf(stored(input)) };
      return { traits: COLUMN, read: (input) => textsOf(field, input).length };
    case "each": {
      // A single value that looks like a list is left to the database.
      if (!access.column.multiple) return undefined;
      const all = (input: PredicateInput): readonly Scalar[] => textsOf(field, input);
      const slot = lists.slot(field.name, all);
      return { traits: { ...COLUMN, affinity: "blob" }, read: ({ items }) => items[slot]!, all };
    }
  }
}

function compileBodyItems({ field }: BodyItems, lists: IteratedLists): CompiledOperand {
  const all = ({ context }: PredicateInput): readonly Scalar[] => {
    const items = bodyItems(field.name, context);
    if (isTooDeep(items)) throw new NeedsDatabase();
    return items.map(jsonItem);
  };
  const slot = lists.slot(`@body.${field.name}`, all);
  const reading: CompiledOperand = { traits: { ...FILLED, affinity: "blob" }, read: ({ items }) => items[slot]! };
  return field.maxSelect > 1 ? { ...reading, all } : reading;
}

function compileChange(change: FieldChange, collection: Collection, lists: IteratedLists): CompiledOperand | undefined {
  const submitted = compileRequest(change.submitted);
  const stored = compileOperand(change.stored, collection, lists);
  if (!stored) return undefined;
  const differs = compileComparison(submitted.traits, "!=", stored.traits);
  const read = (input: PredicateInput): Scalar =>
    requestValue(change.isset, input.context) === true && differs(submitted.read(input), stored.read(input));
  return { traits: EXACT, read };
}

/** Reads the content of the field's column. */
function columnReader(field: Field): (input: PredicateInput) => Scalar {
  const kind = kindOf(field);
  return ({ values }) => {
    const stored = kind.toColumn(field, values[field.name] ?? null);
    if (typeof stored === "string") return stored.toWellFormed();
    return typeof stored === "number" && !Number.isNaN(stored) ? stored : null;
  };
}

function jsonValue(field: Field, { values }: PredicateInput): unknown {
  const value = values[field.name] ?? null;
  return field.type === "json" ? value : parseJson(toText(kindOf(field).toColumn(field, value)));
}

function textsOf(field: Field, { values }: PredicateInput): readonly string[] {
  const texts = kindOf(field).normalise(field, values[field.name] ?? null);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the normal form of a list field
  return texts as readonly string[];
}

function lengthOf(stored: Scalar): number {
  if (stored === "" || typeof stored !== "string") return 0;
  const value = parseJson(stored);
  return Array.isArray(value) && !isTooDeep(value) ? value.length : 1;
}

function lowerCaseReader(read: CompiledOperand["read"], { floats }: OperandTraits): CompiledOperand["read"] {
  return (input) => {
    const value = read(input);
    return isNull(value) ? value : lowerAscii(scalarText(value, floats));
  };
}

/** A text as it is bound: a lone surrogate becomes the replacement character. */
const wellFormed = <Value extends Scalar>(value: Value): Value | string =>
  typeof value === "string" ? value.toWellFormed() : value;
