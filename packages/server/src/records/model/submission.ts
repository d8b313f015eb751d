import type { Upload } from "../../files/upload.ts";

/** What a client sent: the parsed body, and the files of a multipart form by the name of their part. */
export interface Submitted {
  readonly body: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, readonly File[]>;
}

/** Parts uploads from what else was given as values, and leaves out what is `undefined`. */
export function submittedOf(values: Submitted["body"], files: Submitted["files"] = new Map()): Submitted {
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

/** What the transaction gets to see of a submission. Nothing in it depends on what may have changed meanwhile. */
export interface Form {
  /** The record's id where it is known: of an update, or chosen for a new record that has files. */
  readonly id: string | undefined;
  /** As submitted, with the new names of uploaded files put in their places. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The files that came with it, by their new names. */
  readonly uploads: ReadonlyMap<string, Upload>;
  /** For each password field that was sent, its hash. */
  readonly hashes: ReadonlyMap<string, string>;
  /** The stored hash that `oldPassword` was found to match. */
  readonly matchedHash: string | undefined;
}

/**
 * A submission after its slow part: passwords are hashed and files are stored under their new names, so that the
 * transaction waits for neither.
 */
export interface Submission extends Form {
  /** Removes the files it stored: for a submission that was refused or whose transaction was undone. */
  readonly discard: () => Promise<void>;
}
