/** What is stored next to a file's content. */
export interface FileAttributes {
  /** Sniffed from the content, with parameters: `text/plain; charset=utf-8`. */
  readonly contentType: string;
  /** The client's file name, if the file was uploaded. */
  readonly originalName?: string;
}

/** A file that can be read. */
export interface StoredFile extends FileAttributes {
  /** Read lazily: only when its stream, a slice or its bytes are requested. */
  readonly content: Blob;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/**
 * Stores uploaded files. A key is `<collection id>/<record id>/<file name>`, which is PocketBase's layout on disk and
 * in buckets.
 */
export interface FileStore {
  /**
   * Notes files that are about to be stored, so that none is left behind if the process is killed before a record names
   * them.
   *
   * @returns a function to call when a record names them, or they are removed again
   */
  announce(keys: readonly string[]): Promise<() => Promise<void>>;
  /**
   * Removes the files that an earlier process announced and never settled. Call it before anything is announced.
   *
   * @param isNamed whether a record names the file
   */
  sweep(isNamed: (key: string) => Promise<boolean>): Promise<void>;
  /** Writes a file. An existing one is replaced atomically: a reader sees the old or the new content. */
  put(key: string, content: Blob, attributes: FileAttributes): Promise<void>;
  /** Opens a file; `undefined` if it does not exist or the key is invalid. */
  open(key: string): Promise<StoredFile | undefined>;
  /** Removes a file and its thumbnails, and the folder if it is then empty. A missing file is not an error. */
  remove(key: string): Promise<void>;
  /** Removes a folder with all its files, such as a record's. A missing folder is not an error. */
  removeFolder(folder: string): Promise<void>;
}

export const folderOf = (collection: string, record: string): string => `${collection}/${record}`;

export const keyOf = (collection: string, record: string, name: string): string =>
  `${folderOf(collection, record)}/${name}`;
