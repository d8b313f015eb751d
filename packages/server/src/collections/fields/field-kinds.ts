import { asObject, type JsonObject, readBool, readText } from "./decode-json.ts";
import { badRequest } from "../../lib/api-error.ts";
import { autodateKind } from "./autodate.ts";
import { boolKind } from "./bool.ts";
import { dateKind } from "./date.ts";
import { editorKind } from "./editor.ts";
import { emailKind } from "./email.ts";
import type { Field, FieldType } from "./field.ts";
import { fileKind } from "./file.ts";
import { geoPointKind } from "./geo-point.ts";
import { jsonKind } from "./json.ts";
import type { FieldKind } from "./field-kind.ts";
import { numberKind } from "./number.ts";
import { passwordKind } from "./password.ts";
import { relationKind } from "./relation.ts";
import { selectKind } from "./select.ts";
import { textKind } from "./text.ts";
import { urlKind } from "./url.ts";

const KINDS: { readonly [Type in FieldType]: FieldKind<Type> } = {
  autodate: autodateKind,
  bool: boolKind,
  date: dateKind,
  editor: editorKind,
  email: emailKind,
  file: fileKind,
  geoPoint: geoPointKind,
  json: jsonKind,
  number: numberKind,
  password: passwordKind,
  relation: relationKind,
  select: selectKind,
  text: textKind,
  url: urlKind,
};

export const kindOf = (field: Field): FieldKind => KINDS[field.type];

const isFieldType = (type: string): type is FieldType => Object.hasOwn(KINDS, type);

/**
 * Reads a field object, as stored or as submitted. A missing id is "".
 *
 * @throws ApiError 400 for an unknown type or an option of the wrong JSON type
 */
export function parseField(input: unknown): Field {
  const raw = asObject(input);
  const type = readText(raw, "type");
  if (!isFieldType(type)) throw badRequest("Failed to load the submitted data due to invalid formatting.");
  return { ...parseCommon(raw), ...KINDS[type].parse(raw), type } as Field;
}

function parseCommon(raw: JsonObject): Omit<Field, "type"> {
  return {
    id: readText(raw, "id"),
    name: readText(raw, "name"),
    system: readBool(raw, "system"),
    hidden: readBool(raw, "hidden"),
    presentable: readBool(raw, "presentable"),
    help: readText(raw, "help"),
    required: readBool(raw, "required"),
  };
}

/** The field as the API returns it and as `_collections` stores it, with sorted keys. */
export function fieldToJson(field: Field): JsonObject {
  const entries = Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    field.type === "autodate" ? entries.filter(([key]) => key !== "help" && key !== "required") : entries,
  );
}
