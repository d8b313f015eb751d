/** What is stored next to a file's content. */
export interface FileAttributes {
  /** Sniffed from the content, with parameters: `text/plain; charset=utf-8`. */
  readonly contentType: string;
  /** The client's file name, if the file was uploaded. */
  readonly originalName?: string;
}

/** A file that exists. */
export interface FileInfo {
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** A file in a list. */
export interface ListedFile extends FileInfo {
  readonly key: string;
}

/** A `Blob` if Bun can send the bytes by itself, straight from where they are. */
export type FileContent = Blob | ReadableStream<Uint8Array<ArrayBuffer>>;

/** A file that can be read. */
export interface StoredFile extends FileInfo, FileAttributes {
  /** Changes whenever the content changes; without quotes. */
  readonly etag: string;
  /** Where the content is, if it is a file of this machine. */
  readonly path?: string;
  /**
   * The bytes from `start` to before `end`. Nothing is read before they are requested, and no faster than they are taken.
   *
   * @param end the end of the file by default
   */
  content(start?: number, end?: number): FileContent;
}

/**
 * Stores uploaded files. A key is `<collection id>/<record id>/<file name>`, which is PocketBase's layout on disk and
 * in buckets; thumbnails are in `<collection id>/<record id>/thumbs_<file name>/<size>_<file name>`.
 */
export interface FileStore {
  /**
   * Notes files that are about to be stored, so that none is left behind if the process is killed before a record names
   * them.
   *
   * @returns a function to call when a record names them, or they are removed again
   */
  announce(keys: readonly string[]): Promise<() => Promise<void>>;
  /** The keys that this and other processes have announced and not settled. */
  announced(): Promise<ReadonlySet<string>>;
  /**
   * Removes the files that an earlier process announced and never settled. Call it before anything is announced.
   *
   * @param isNamed whether a record names the file
   */
  sweep(isNamed: (key: string) => Promise<boolean>): Promise<void>;
  /**
   * Writes a file while its content arrives, and holds no more than a piece of it in memory. An existing file is replaced
   * atomically when all has arrived: a reader sees the old or the new content. If the content fails, nothing is left.
   */
  put(key: string, content: FileContent, attributes: FileAttributes): Promise<void>;
  /** Opens a file; `undefined` if it does not exist or the key is invalid. */
  open(key: string): Promise<StoredFile | undefined>;
  /**
   * Copies a file. An existing one is replaced.
   *
   * @param attributes those of the copy; the same as the file's by default
   * @param etag what the file's must be
   * @returns false if there is no file `from`, or it has changed
   */
  copy(from: string, to: string, attributes?: FileAttributes, etag?: string): Promise<boolean>;
  /**
   * All files whose key starts with `prefix`, thumbnails too, in no particular order. It reads on while it is iterated, and
   * a file that is added or removed meanwhile may be in it or not.
   */
  list(prefix: string): AsyncIterable<ListedFile>;
  /** Removes a file and its thumbnails, and the folder if it is then empty. A missing file is not an error. */
  remove(key: string): Promise<void>;
  /** Removes a folder with all its files, such as a record's. A missing folder is not an error. */
  removeFolder(folder: string): Promise<void>;
}

export const folderOf = (collection: string, record: string): string => `${collection}/${record}`;

export const keyOf = (collection: string, record: string, name: string): string =>
  `${folderOf(collection, record)}/${name}`;

export const streamOf = (content: FileContent): ReadableStream<Uint8Array<ArrayBuffer>> =>
  content instanceof Blob ? content.stream() : content;
