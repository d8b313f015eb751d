import { type RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { type FileStore, keyOf } from "../../files/file-store.ts";
import { readUpload, type Upload } from "../../files/upload.ts";
import { toTexts } from "../../lib/coerce.ts";
import type { Submission, Submitted } from "../model/submission.ts";

/** The new files of each part that names a file field. */
export async function readUploads(
  collection: Collection,
  { files }: Submitted,
): Promise<ReadonlyMap<string, readonly Upload[]>> {
  const uploads = new Map<string, readonly Upload[]>();
  for (const { type, name } of collection.fields) {
    if (type !== "file") continue;
    for (const part of [name, `+${name}`, `${name}+`]) {
      const sent = files.get(part) ?? [];
      if (sent.length > 0) uploads.set(part, await Promise.all(sent.map(readUpload)));
    }
  }
  return uploads;
}

/** Names that were sent beside files stand for files that are kept; they come before the new ones. */
export function withNewNames(
  body: Submitted["body"],
  uploads: ReadonlyMap<string, readonly Upload[]>,
): Submitted["body"] {
  const named = [...uploads].map(([part, files]) => [part, [...toTexts(body[part]), ...files.map(({ name }) => name)]]);
  return { ...body, ...Object.fromEntries(named) };
}

/**
 * Stores the files that the record will name.
 * @returns what removes them again
 */
export async function storeUploads(
  store: FileStore,
  collection: Collection,
  record: RecordValues,
  uploads: ReadonlyMap<string, Upload>,
): Promise<Submission["discard"]> {
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
