import type { FieldValue, RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { autogenerate } from "../../collections/fields/text.ts";
import { toText } from "../../lib/text/coerce.ts";

export type RecordBody = Readonly<Record<string, unknown>>;

/**
 * Replaces modifiers (`count+`, `+tags`, `tags-`, `slug:autogenerate`) by their results, under the names of their fields,
 * and normalizes the values of fields. Keys that name no field stay as they are, for rules to read.
 *
 * Modifiers apply in the order of their keys' lengths, each to the result of those before it (PocketBase's
 * `ReplaceModifiers`).
 *
 * @param current the stored record, or a blank one
 */
export function applyModifiers(collection: Collection, current: RecordValues, body: RecordBody): RecordBody {
  const resolved: Record<string, unknown> = { ...body };
  const values: Record<string, FieldValue> = { ...current };
  for (const key of Object.keys(body).sort((a, b) => a.length - b.length)) {
    const target = parseKey(collection, key);
    if (target === undefined) continue;
    const { field, update } = target;
    delete resolved[key];
    const value = update(values[field.name] ?? null, body[key]);
    resolved[field.name] = values[field.name] = value;
  }
  return resolved;
}

interface FieldUpdate {
  readonly field: Field;
  readonly update: (current: FieldValue, input: unknown) => FieldValue;
}

const KEY = /^(?<prefix>\+)?(?<name>\w+?)(?<suffix>[+-]|:autogenerate)?$/;

/** What a key of a body does, and to which field; `undefined` if it names no field. */
function parseKey(collection: Collection, key: string): FieldUpdate | undefined {
  const { prefix = "", name = "", suffix = "" } = KEY.exec(key)?.groups ?? {};
  const field = findField(collection, name);
  const update = field && updateFor(field, `${prefix}name${suffix}`);
  return update && { field, update };
}

function updateFor(field: Field, form: string): FieldUpdate["update"] | undefined {
  const kind = kindOf(field);
  switch (form) {
    case "name":
      // Only the server sets autodates.
      return field.type === "autodate" ? (current) => current : (_current, input) => kind.normalise(field, input);
    case "name:autogenerate":
      return field.type === "text" ? (_current, input) => toText(input) + autogenerate(field) : undefined;
    case "name+":
      return modifierOf(field, "append");
    case "+name":
      return modifierOf(field, "prepend");
    case "name-":
      return modifierOf(field, "remove");
    default:
      return undefined;
  }
}

function modifierOf(field: Field, name: "append" | "prepend" | "remove"): FieldUpdate["update"] | undefined {
  const { modifiers } = kindOf(field);
  return modifiers?.[name] && ((current, input) => modifiers[name]!(field, current, input));
}
