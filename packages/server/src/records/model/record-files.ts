import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { folderOf, keyOf } from "../../files/file-store.ts";
import { toTexts } from "../../lib/text/coerce.ts";
import type { Transaction } from "../../store/store.ts";
import type { WriteContext } from "./record-context.ts";

/** Deletes the files that the record no longer names, once the change is committed. */
export function removeUnusedFiles(
  tx: Transaction,
  { files, background }: WriteContext,
  collection: Collection,
  before: RecordValues,
  after: RecordValues,
): void {
  const kept = new Set(fileNames(collection, after));
  const old = fileNames(collection, before).filter((name) => !kept.has(name));
  if (old.length === 0) return;
  tx.afterCommit(() => {
    background(async () => {
      for (const name of old) await files.remove(keyOf(collection.id, before.id, name));
    });
  });
}

/** Deletes all files of the record, once its deletion is committed. */
export function removeAllFiles(
  tx: Transaction,
  { files, background }: WriteContext,
  collection: Collection,
  { id }: RecordValues,
): void {
  if (!collection.fields.some(({ type }) => type === "file")) return;
  tx.afterCommit(() => background(() => files.removeFolder(folderOf(collection.id, id))));
}

/** The names of all files of a record. */
export const fileNames = (collection: Collection, values: RecordValues): string[] =>
  collection.fields.flatMap(({ type, name }) => (type === "file" ? toTexts(values[name]) : []));
