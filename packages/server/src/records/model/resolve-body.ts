import type { FieldValue, RecordValues } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { autogenerate } from "../../collections/fields/text.ts";
import { toText } from "../../lib/coerce.ts";

export type Body = Readonly<Record<string, unknown>>;

/**
 * Puts the results of modifiers (`count+`, `+tags`, `tags-`, `slug:autogenerate`) under their fields' names and brings
 * the fields' values to normal form. Keys that name no field stay as they are; rules can read them.
 *
 * Shorter keys come first, each works on the result of those before it (PocketBase's `ReplaceModifiers`).
 *
 * @param current the record as it is, or a blank one
 */
export function resolveBody(collection: Collection, current: RecordValues, body: Body): Body {
  const resolved: Record<string, unknown> = { ...body };
  const values: Record<string, FieldValue> = { ...current };
  for (const key of Object.keys(body).sort((a, b) => a.length - b.length)) {
    const target = readKey(collection, key);
    if (target === undefined) continue;
    const { field, change } = target;
    delete resolved[key];
    const value = change(values[field.name] ?? null, body[key]);
    resolved[field.name] = values[field.name] = value;
  }
  return resolved;
}

interface Target {
  readonly field: Field;
  readonly change: (current: FieldValue, input: unknown) => FieldValue;
}

const KEY = /^(?<prefix>\+)?(?<name>\w+?)(?<suffix>[+-]|:autogenerate)?$/;

/** What a key of a body does to which field; `undefined` when it names none. */
function readKey(collection: Collection, key: string): Target | undefined {
  const { prefix = "", name = "", suffix = "" } = KEY.exec(key)?.groups ?? {};
  const field = findField(collection, name);
  const change = field && changeOf(field, `${prefix}name${suffix}`);
  return change && { field, change };
}

function changeOf(field: Field, form: string): Target["change"] | undefined {
  const kind = kindOf(field);
  switch (form) {
    case "name":
      // Autodates are for the server alone to set.
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

function modifierOf(field: Field, name: "append" | "prepend" | "remove"): Target["change"] | undefined {
  const { modifiers } = kindOf(field);
  return modifiers?.[name] && ((current, input) => modifiers[name]!(field, current, input));
}
