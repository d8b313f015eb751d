import { type RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { type FileStore, keyOf } from "../../files/file-store.ts";
import type { Upload } from "../../files/upload.ts";
import { toTexts } from "../../lib/coerce.ts";
import type { PreparedSubmission, Submission } from "../model/submission.ts";

/**
 * The new files of each part that names a file field.
 *
 * @param read `readUpload`, or `nameUpload` to look at no content
 */
export async function readUploads(
  collection: Collection,
  { files }: Submission,
  read: (file: File) => Upload | Promise<Upload>,
): Promise<ReadonlyMap<string, readonly Upload[]>> {
  const uploads = new Map<string, readonly Upload[]>();
  for (const { type, name } of collection.fields) {
    if (type !== "file") continue;
    for (const part of [name, `+${name}`, `${name}+`]) {
      const sent = files.get(part) ?? [];
      if (sent.length > 0) uploads.set(part, await Promise.all(sent.map(async (file) => read(file))));
    }
  }
  return uploads;
}

/** Replaces files by their stored names. Names that were sent with the files are those of files to keep; they come first. */
export function withStoredNames(
  body: Submission["body"],
  uploads: ReadonlyMap<string, readonly Upload[]>,
): Submission["body"] {
  const named = [...uploads].map(([part, files]) => [part, [...toTexts(body[part]), ...files.map(({ name }) => name)]]);
  return { ...body, ...Object.fromEntries(named) };
}

/**
 * Stores the files that the record will name.
 *
 * @returns a function that deletes them again
 */
export async function storeUploads(
  store: FileStore,
  collection: Collection,
  record: RecordValues,
  uploads: ReadonlyMap<string, Upload>,
): Promise<PreparedSubmission["discard"]> {
  const names = new Set(collection.fields.flatMap(({ type, name }) => (type === "file" ? toTexts(record[name]) : [])));
  const stored: string[] = [];
  const discard = async (): Promise<void> => {
    for (const key of stored) await store.remove(key);
  };
  try {
    for (const upload of uploads.values()) {
      if (!names.has(upload.name)) continue;
      const key = keyOf(collection.id, record.id, upload.name);
      await store.put(key, upload.content, upload);
      stored.push(key);
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return discard;
}
