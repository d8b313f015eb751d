import type { FieldValue, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { autogenerate } from "../../collections/fields/text.ts";
import { toText } from "../../lib/coerce.ts";
import type { Upload } from "../../files/upload.ts";
import type { Body } from "./resolve-body.ts";
import type { Form } from "./submission.ts";

/** A record as it is to become, before it was checked. */
export interface Draft {
  /** Passwords are hashes, files are names. */
  readonly values: RecordValues;
  /** The plain text of each password that is set anew, for its field's checks. */
  readonly passwords: ReadonlyMap<string, string>;
  /** The files that are stored with it, by their names. */
  readonly uploads: ReadonlyMap<string, Upload>;
}

/** Puts a resolved body on top of a record; what names no field is left out. */
export function draftFrom(
  collection: Collection,
  current: RecordValues,
  body: Body,
  { hashes, uploads }: Pick<Form, "hashes" | "uploads">,
): Draft {
  const values: Record<string, FieldValue> = {};
  const passwords = new Map<string, string>();
  for (const field of collection.fields) {
    const { name, type } = field;
    // In normal form already, which is not to be read a second time: '"[1]"' is a text in a json field.
    const value = name in body ? (body[name] as FieldValue) : undefined;
    const hash = type === "password" ? hashes.get(name) : undefined;
    if (type === "password" && value !== undefined) passwords.set(name, toText(value));
    // A password that the server chose has a hash and stands in no body.
    if (hash !== undefined || value !== undefined) values[name] = type === "password" ? (hash ?? "") : value!;
  }
  return { values: { ...current, ...values }, passwords, uploads };
}

/** Fills the empty texts of a new record that can be generated, the id above all. */
export function withGenerated(collection: Collection, draft: Draft): Draft {
  const generated: Record<string, FieldValue> = {};
  for (const field of collection.fields) {
    if (field.type === "text" && field.autogeneratePattern !== "" && draft.values[field.name] === "") {
      generated[field.name] = autogenerate(field);
    }
  }
  return { ...draft, values: { ...draft.values, ...generated } };
}
