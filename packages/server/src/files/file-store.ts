/** What is kept beside a file's bytes. */
export interface FileAttributes {
  /** As sniffed from the content, parameters included: `text/plain; charset=utf-8`. */
  readonly contentType: string;
  /** The name the client's file had, when it was an upload. */
  readonly originalName?: string;
}

/** A file that can be read. */
export interface StoredFile extends FileAttributes {
  /** Nothing is read before its stream, a slice or its bytes are asked for. */
  readonly content: Blob;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/**
 * Where uploaded files live. A key is `<collection id>/<record id>/<file name>`, PocketBase's layout, on a disk and in a
 * bucket alike.
 */
export interface FileStore {
  /** Writes the content; a file of that key is replaced whole, so a reader sees the old or the new one. */
  put(key: string, content: Blob, attributes: FileAttributes): Promise<void>;
  /** `undefined` when there is no such file, or the key could name none. */
  open(key: string): Promise<StoredFile | undefined>;
  /** Removes a file, its thumbnails, and its folder if that is empty then. A missing one is no error. */
  remove(key: string): Promise<void>;
  /** Removes all files below the folder, e.g. a record's. A missing folder is no error. */
  removeFolder(folder: string): Promise<void>;
}

export const folderOf = (collection: string, record: string): string => `${collection}/${record}`;

export const keyOf = (collection: string, record: string, name: string): string =>
  `${folderOf(collection, record)}/${name}`;
