import type { Field } from "../collections/fields/field.ts";
import type { CollectionDescription } from "./collection-description.ts";
import { expandTypes, type TypeNames } from "./expand-types.ts";
import { fieldTypes } from "./field-types.ts";

/** Internal to the server: clients can neither read nor set it. */
const SECRET = "tokenKey";
/** Members that every record has. */
const COMMON_FIELDS = new Set(["id", "collectionId", "collectionName"]);

/** The interfaces of one collection: its record, and the bodies of create and update. A view has only the record. */
export function collectionTypes(
  collection: CollectionDescription,
  all: readonly CollectionDescription[],
  names: TypeNames,
): string {
  const name = names.get(collection.id)!;
  const fields = collection.fields.filter((field) => field.name !== SECRET && !COMMON_FIELDS.has(field.name));
  const isAuth = collection.type === "auth";
  const record = [
    "readonly id: string;",
    "readonly collectionId: string;",
    `readonly collectionName: ${JSON.stringify(collection.name)};`,
    ...fields.flatMap((field) => readMember(field, isAuth)),
    ...expandMember(expandTypes(collection, all, names)),
  ];
  const parts = [block(`${name}Record`, record)];
  if (collection.type === "view") return parts.join("\n");
  const create = ["readonly id?: string;", ...fields.flatMap(createMember), ...(isAuth ? AUTH_CREATE : [])];
  const update = [...fields.flatMap(updateMembers), ...(isAuth ? AUTH_UPDATE : [])];
  return [...parts, block(`${name}Create`, create), block(`${name}Update`, update)].join("\n");
}

const AUTH_CREATE = ["readonly passwordConfirm: string;"];
const AUTH_UPDATE = ["readonly oldPassword?: string;", "readonly passwordConfirm?: string;"];

const block = (name: string, members: readonly string[]): string =>
  `export interface ${name} {\n${members.map((member) => `  ${member}\n`).join("")}}\n`;

/** A property key, quoted unless it is an identifier. */
export const propertyKey = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** Whether some clients that can read the record can't read the field. */
const isOptionalInRecord = (field: Field, isAuth: boolean): boolean =>
  // An email may be hidden by its owner.
  field.hidden || (isAuth && field.name === "email");

function readMember(field: Field, isAuth: boolean): string[] {
  const { read } = fieldTypes(field);
  return read === undefined
    ? []
    : [`readonly ${propertyKey(field.name)}${isOptionalInRecord(field, isAuth) ? "?" : ""}: ${read};`];
}

function expandMember(expands: readonly string[]): string[] {
  if (expands.length === 0) return [];
  return ["readonly expand?: {", ...expands.map((expand) => `  ${expand}`), "};"];
}

const isGenerated = (field: Field): boolean => "autogeneratePattern" in field && field.autogeneratePattern !== "";

function createMember(field: Field): string[] {
  const types = fieldTypes(field);
  if (types.write === undefined) return [];
  const needed = field.required && !isGenerated(field);
  return [`readonly ${propertyKey(field.name)}${needed ? "" : "?"}: ${types.write}${needed ? "" : " | null"};`];
}

function updateMembers(field: Field): string[] {
  const { write, modifiers } = fieldTypes(field);
  if (write === undefined) return [];
  return [
    `readonly ${propertyKey(field.name)}?: ${write}${field.required ? "" : " | null"};`,
    ...(modifiers?.keys ?? []).map((key) => `readonly ${JSON.stringify(key)}?: ${modifiers!.accepts};`),
  ];
}
