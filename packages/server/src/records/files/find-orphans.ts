import type { Schema } from "../../collections/model/schema.ts";
import { type FileStore, keyOf, type ListedFile } from "../../files/file-store.ts";
import type { Reader } from "../../store/store.ts";
import { fileNames } from "../model/record-files.ts";
import { findKept } from "../kept/trash.ts";

/** A stored file that nothing names. */
export interface Orphan extends ListedFile {
  /** What is gone: the collection, the record, or the record's mention of the file. */
  readonly missing: "collection" | "record" | "name";
}

export interface OrphanSearch {
  readonly reader: Reader;
  readonly schema: Schema;
  readonly files: FileStore;
  /** Younger files are left alone: another program may be about to name them. */
  readonly before: Date;
}

const THUMBS = "thumbs_";

/** Where a file belongs. */
interface Place {
  readonly collection: string;
  readonly record: string;
  /** Of the file itself, also for its thumbnails. */
  readonly name: string;
}

/** All files that no record names. A file that a request of this or another process is storing now is not among them. */
export async function* findOrphans(search: OrphanSearch): AsyncGenerator<Orphan> {
  let group: ListedFile[] = [];
  let folder = "";
  for await (const file of search.files.list("")) {
    const place = placeOf(file.key);
    if (!place || file.modified >= search.before) continue;
    const own = `${place.collection}/${place.record}`;
    if (own !== folder) yield* orphansOf(search, group);
    if (own !== folder) [group, folder] = [[], own];
    group.push(file);
  }
  yield* orphansOf(search, group);
}

/** The files that are listed are looked up in this order: announced, then named. In between, each of them is one or both. */
async function* orphansOf(
  { reader, schema, files }: OrphanSearch,
  group: readonly ListedFile[],
): AsyncGenerator<Orphan> {
  const first = group[0] && placeOf(group[0].key);
  if (!first) return;
  const announced = await files.announced();
  const found = schema.find(first.collection);
  // Names of collections are not ids.
  const collection = found?.id === first.collection ? found : undefined;
  const records = collection ? await findKept(reader, collection, first.record) : [];
  const named = new Set(records.flatMap((record) => fileNames(collection!, record)));
  const missing = records.length > 0 ? "name" : collection ? "record" : "collection";
  for (const file of group) {
    const { name } = placeOf(file.key)!;
    const key = keyOf(first.collection, first.record, name);
    if (!named.has(name) && !announced.has(key)) yield { ...file, missing };
  }
}

/** @returns `undefined` for what is not a record's */
function placeOf(key: string): Place | undefined {
  const [collection = "", record = "", name = "", thumb, ...more] = key.split("/");
  if (record === "" || name === "" || more.length > 0) return undefined;
  if (thumb === undefined) return { collection, record, name };
  return name.startsWith(THUMBS) ? { collection, record, name: name.slice(THUMBS.length) } : undefined;
}
