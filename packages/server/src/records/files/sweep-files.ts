import { recordId } from "@headwater/protocol";
import type { Schema } from "../../collections/model/schema.ts";
import { type FileStore, folderOf } from "../../files/file-store.ts";
import type { Reader } from "../../store/store.ts";
import { readUnerasedDeletes } from "../changes/eraser.ts";
import { fileNames } from "../model/record-files.ts";
import { findKept } from "../kept/trash.ts";

/** Deletes that are looked up at a time. */
const DELETES_PER_READ = 1_000;

/**
 * Removes the files that a killed process left: uploads that no record names, and files of records whose delete it had
 * committed. Call it before the first write of this process.
 */
export async function sweepFiles(reader: Reader, schema: Schema, files: FileStore): Promise<void> {
  await files.sweep(async (key) => {
    const [collectionId = "", id = "", name = ""] = key.split("/");
    const collection = schema.find(collectionId);
    const records = collection ? await findKept(reader, collection, id) : [];
    return records.some((record) => fileNames(collection!, record).includes(name));
  });
  for (const { collection: collectionId, record } of await readUnerasedDeletes(reader, DELETES_PER_READ)) {
    const collection = schema.find(collectionId);
    if (!collection || (await findKept(reader, collection, record)).length > 0) continue;
    await files.removeFolder(folderOf(collection.id, recordId(record)));
  }
}
