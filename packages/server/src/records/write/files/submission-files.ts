import { type RecordValues } from "@headwater/protocol";
import type { Collection } from "../../../collections/model/collection.ts";
import { type FileStore, keyOf } from "../../../files/file-store.ts";
import type { ArrivedUpload, Upload } from "../../../files/upload.ts";
import { badRequest } from "../../../lib/api-error.ts";
import { toTexts } from "../../../lib/text/coerce.ts";
import type { Transaction } from "../../../store/store.ts";
import type { WriteContext } from "../../model/record-context.ts";
import type { PreparedSubmission, Submission } from "../../model/submission.ts";

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

/** Files that are stored, and not yet named by a record. */
export interface StoredUploads {
  /** Deletes them again. */
  readonly discard: () => Promise<void>;
  /** To be called when a record names them. */
  readonly keep: () => Promise<void>;
}

/** Stores the files that the record will name. */
export async function storeUploads(
  store: FileStore,
  collection: Collection,
  record: RecordValues,
  uploads: ReadonlyMap<string, Upload>,
): Promise<StoredUploads> {
  const names = new Set(collection.fields.flatMap(({ type, name }) => (type === "file" ? toTexts(record[name]) : [])));
  const files = [...uploads.values()]
    .filter(({ name }) => names.has(name))
    .map((upload) => ({ upload, key: keyOf(collection.id, record.id, upload.name) }));
  if (files.length === 0) return { discard: async () => {}, keep: async () => {} };
  const arrived = claimAll(files.flatMap(({ upload }) => upload.arrived ?? []));
  const settle = await store.announce(files.map(({ key }) => key));
  const stored: string[] = [];
  const discard = async (): Promise<void> => {
    for (const upload of arrived) upload.release();
    for (const key of stored) await store.remove(key);
    await settle();
  };
  const keep = async (): Promise<void> => {
    await settle();
    for (const upload of arrived) await upload.attached();
  };
  try {
    for (const { upload, key } of files) {
      await storeUpload(store, key, upload);
      stored.push(key);
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return { discard, keep };
}

async function storeUpload(store: FileStore, key: string, upload: Upload): Promise<void> {
  const object = upload.arrived?.object;
  if (!object) await store.put(key, upload.content, upload);
  else if (!(await store.copy(object.key, key, upload, object.etag))) throw badRequest(GONE);
}

const GONE = "The upload is gone or has changed. Send the record again.";

/** @throws ApiError 400 if another request attaches one of them */
function claimAll(uploads: readonly ArrivedUpload[]): readonly ArrivedUpload[] {
  const claimed: ArrivedUpload[] = [];
  for (const upload of uploads) {
    if (upload.claim()) claimed.push(upload);
  }
  if (claimed.length === uploads.length) return claimed;
  for (const upload of claimed) upload.release();
  throw badRequest("The upload is already used by another record.");
}

/** The files stay once the transaction is committed: the record names them. */
export function keepUploads(
  tx: Transaction,
  { background }: WriteContext,
  { uploads, keep }: PreparedSubmission,
): void {
  if (uploads.size > 0) tx.afterCommit(() => background(keep));
}
