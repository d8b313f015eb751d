import type { FileAttributes, FileContent, FileStore, ListedFile, StoredFile } from "./file-store.ts";
import type { S3Options } from "./s3/s3-connection.ts";
import type { S3Error } from "./s3/s3-error.ts";
import type { S3Files } from "./s3/s3-files.ts";

/** Where files are: in the bucket, if it is enabled. */
export interface StorageSettings extends S3Options {
  readonly enabled: boolean;
}

interface BucketSource {
  readonly open: (options: S3Options, failed: (error: S3Error) => void) => S3Files;
  readonly failed?: ((error: S3Error) => void) | undefined;
}

/**
 * The store that the settings choose: the local folder or an S3 bucket. Changed settings apply from the next call on; a call
 * ends where it began. Files are not moved.
 */
export class SelectedFiles implements FileStore {
  #current: () => StorageSettings | undefined = () => undefined;
  #selected: { readonly by: StorageSettings; readonly bucket: S3Files } | undefined;

  /** Requests to buckets that failed. */
  failures = 0;

  constructor(
    private readonly local: FileStore,
    private readonly buckets: BucketSource,
  ) {}

  /**
   * Until then, files are in the local folder.
   *
   * @param current the settings; another object when they have changed
   */
  selectBy(current: () => StorageSettings): void {
    this.#current = current;
  }

  /** The bucket; `undefined` if files are in the local folder. */
  get bucket(): S3Files | undefined {
    const by = this.#current();
    if (!by?.enabled) return undefined;
    if (this.#selected?.by !== by) this.#selected = { by, bucket: this.openBucket(by) };
    return this.#selected.bucket;
  }

  /** A bucket that may not be the selected one. If it is not reachable, it fails when it is used. */
  openBucket(options: S3Options): S3Files {
    return this.buckets.open(options, (error) => {
      this.failures += 1;
      this.buckets.failed?.(error);
    });
  }

  announce(keys: readonly string[]): Promise<() => Promise<void>> {
    return this.#store.announce(keys);
  }

  announced(): Promise<ReadonlySet<string>> {
    return this.#store.announced();
  }

  sweep(isNamed: (key: string) => Promise<boolean>): Promise<void> {
    return this.#store.sweep(isNamed);
  }

  put(key: string, content: FileContent, attributes: FileAttributes): Promise<void> {
    return this.#store.put(key, content, attributes);
  }

  open(key: string): Promise<StoredFile | undefined> {
    return this.#store.open(key);
  }

  copy(from: string, to: string, attributes?: FileAttributes, etag?: string): Promise<boolean> {
    return this.#store.copy(from, to, attributes, etag);
  }

  list(prefix: string): AsyncIterable<ListedFile> {
    return this.#store.list(prefix);
  }

  remove(key: string): Promise<void> {
    return this.#store.remove(key);
  }

  removeFolder(folder: string): Promise<void> {
    return this.#store.removeFolder(folder);
  }

  get #store(): FileStore {
    return this.bucket ?? this.local;
  }
}
