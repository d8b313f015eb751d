import type { ValidationError } from "@headwater/protocol";
import type { Upload } from "../../files/upload.ts";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { NotJsonError, toJsonValue } from "../../lib/json/to-json-value.ts";

/** What a client sent: the parsed body, and the files of a multipart form by the name of their part. */
export interface Submission {
  readonly body: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, readonly File[]>;
}

/** Separates files from the other values, and leaves out what is `undefined`. */
export function toSubmission(values: Submission["body"], files: Submission["files"] = new Map()): Submission {
  const body: Record<string, unknown> = {};
  const uploads = new Map(files);
  for (const [name, value] of Object.entries(values)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const sent = items.filter((item) => item instanceof File);
    if (sent.length > 0) uploads.set(name, [...(uploads.get(name) ?? []), ...sent]);
    if (sent.length === 0 && value !== undefined) body[name] = value;
    if (sent.length > 0 && sent.length < items.length) body[name] = items.filter((item) => !(item instanceof File));
  }
  return { body, files: uploads };
}

/**
 * The values that code submits, as JSON holds them. Files stay files.
 *
 * @throws ApiError 400 with the fields whose values JSON can't hold
 */
export function toJsonValues(values: Submission["body"]): Submission["body"] {
  const problems: Record<string, ValidationError> = {};
  const json: [string, unknown][] = [];
  for (const [name, value] of Object.entries(values)) {
    try {
      json.push([name, toJsonOrFile(value)]);
    } catch (error) {
      if (!(error instanceof NotJsonError)) throw error;
      problems[name] = invalid("validation_invalid_value", error.message);
    }
  }
  if (Object.keys(problems).length > 0) throw badRequest("Failed to load the submitted values.", problems);
  return Object.fromEntries(json);
}

const toJsonOrFile = (value: unknown): unknown => {
  if (value === undefined || value instanceof File) return value;
  const hasFiles = Array.isArray(value) && value.some((item) => item instanceof File);
  return hasFiles ? value.map((item: unknown) => toJsonOrFile(item)) : toJsonValue(value);
};

/** What the transaction works with. Nothing in it depends on data that may have changed since it was prepared. */
export interface SubmittedValues {
  /** The record's id, if it is known: of the record to update, or chosen for a new record with files. */
  readonly id: string | undefined;
  /** The submitted body, with the stored names of uploaded files in their places. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The uploaded files by their stored names. */
  readonly uploads: ReadonlyMap<string, Upload>;
  /** The hash of each submitted password, by field. */
  readonly hashes: ReadonlyMap<string, string>;
  /** The stored hash that `oldPassword` matched. */
  readonly matchedHash: string | undefined;
}

/**
 * A submission whose slow part is done: passwords are hashed and files are stored, so that the transaction waits for
 * neither.
 */
export interface PreparedSubmission extends SubmittedValues {
  /** Deletes the stored files. Call it if the submission is rejected or its transaction is rolled back. */
  readonly discard: () => Promise<void>;
  /** To be called when its transaction is committed. */
  readonly keep: () => Promise<void>;
}
