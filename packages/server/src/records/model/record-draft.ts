import type { FieldValue, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { autogenerate } from "../../collections/fields/text.ts";
import { toText } from "../../lib/text/coerce.ts";
import type { Upload } from "../../files/upload.ts";
import type { RecordBody } from "./apply-modifiers.ts";
import type { SubmittedValues } from "./submission.ts";

/** The values that a record is about to get, before validation. */
export interface RecordDraft {
  /** Passwords as hashes, files as names. */
  readonly values: RecordValues;
  /** The plain text of each new password, by field, for validation. */
  readonly passwords: ReadonlyMap<string, string>;
  /** The files to store with the record, by name. */
  readonly uploads: ReadonlyMap<string, Upload>;
}

/** Applies a body without modifiers to a record. Keys that name no field are left out. */
export function applyBody(
  collection: Collection,
  current: RecordValues,
  body: RecordBody,
  { hashes, uploads }: Pick<SubmittedValues, "hashes" | "uploads">,
): RecordDraft {
  const values: Record<string, FieldValue> = {};
  const passwords = new Map<string, string>();
  for (const field of collection.fields) {
    const { name, type } = field;
    // Already normalized. To do so twice would change some values: in a json field, '"[1]"' is a text.
    const value = Object.hasOwn(body, name) ? (body[name] as FieldValue) : undefined;
    const hash = type === "password" ? hashes.get(name) : undefined;
    if (type === "password" && value !== undefined) passwords.set(name, toText(value));
    // A password that the server chose has a hash and is in no body.
    if (hash !== undefined || value !== undefined) values[name] = type === "password" ? (hash ?? "") : value!;
  }
  return { values: { ...current, ...values }, passwords, uploads };
}

/** Fills the empty text fields of a new record that have a pattern to generate them from, such as the id. */
export function fillGenerated(collection: Collection, draft: RecordDraft): RecordDraft {
  const generated: Record<string, FieldValue> = {};
  for (const field of collection.fields) {
    if (field.type === "text" && field.autogeneratePattern !== "" && draft.values[field.name] === "") {
      generated[field.name] = autogenerate(field);
    }
  }
  return { ...draft, values: { ...draft.values, ...generated } };
}
