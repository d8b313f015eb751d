import { rm } from "node:fs/promises";
import { LRUCache } from "lru-cache";
import { writeAll, FileWriter } from "../file-writer.ts";
import type { FileStore, StoredFile } from "../file-store.ts";
import type { Spool } from "../spool.ts";
import type { ThumbPool } from "./thumb-pool.ts";

/** The types of pictures of which PocketBase makes thumbnails. */
const PICTURES: ReadonlySet<string> = new Set(["png", "jpg", "jpeg", "gif", "webp"].map((type) => `image/${type}`));
/** Pictures that can't be read, which are remembered. */
const MAX_FAILURES = 10_000;

export interface ThumbsOptions {
  readonly files: FileStore;
  readonly spool: Spool;
  readonly pool: ThumbPool;
  /** Of the picture, and of the thumbnail; 0 is no limit. */
  readonly maxPixels: number;
  /** Called with the code of a limit that refuses a thumbnail. */
  readonly refused: (limit: string) => void;
  /** Called when the original is served instead. */
  readonly failed: (key: string, message: string) => void;
}

/** Thumbnails: each is made on its first request, and stored beside its picture as PocketBase stores it. */
export class Thumbs {
  readonly #options: ThumbsOptions;
  readonly #making = new Map<string, Promise<StoredFile | undefined>>();
  readonly #failures = new LRUCache<string, true>({ max: MAX_FAILURES });

  constructor(options: ThumbsOptions) {
    this.#options = options;
  }

  /**
   * @param key of the picture
   * @param size one of its field's, such as `100x100`
   * @param owner whose request it is: none waits for all the thumbnails of another
   * @returns `undefined` if there is no thumbnail of this file: the original is served
   */
  async open(key: string, picture: StoredFile, size: string, owner: string): Promise<StoredFile | undefined> {
    if (!PICTURES.has(picture.contentType)) return undefined;
    const thumbKey = thumbKeyOf(key, size);
    const found = await this.#options.files.open(thumbKey);
    if (found || this.#failures.has(thumbKey)) return found;
    const making = this.#making.get(thumbKey) ?? this.#make(key, picture, size, thumbKey, owner);
    this.#making.set(thumbKey, making);
    try {
      return await making;
    } finally {
      this.#making.delete(thumbKey);
    }
  }

  async #make(
    key: string,
    picture: StoredFile,
    size: string,
    thumbKey: string,
    owner: string,
  ): Promise<StoredFile | undefined> {
    const { spool, files, failed } = this.#options;
    const temporary: string[] = [];
    const newPath = async (): Promise<string> => {
      const path = await spool.newPath();
      temporary.push(path);
      return path;
    };
    try {
      const target = await newPath();
      const source = picture.path ?? (await newPath());
      if (picture.path === undefined) await writeAll(await FileWriter.create(source), picture.content());
      const job = { source, target, size, contentType: picture.contentType };
      const contentType = await this.#run(job, thumbKey, owner);
      if (contentType === undefined) return undefined;
      await files.put(thumbKey, Bun.file(target), { contentType });
      // The picture may have been removed meanwhile, and its thumbnails before this one.
      if (!(await files.open(key))) await files.remove(key);
      return await files.open(thumbKey);
    } catch (error) {
      failed(thumbKey, error instanceof Error ? error.message : String(error));
      return undefined;
    } finally {
      for (const path of temporary) await rm(path, { force: true });
    }
  }

  /** @returns the thumbnail's type */
  async #run(
    job: Omit<Parameters<ThumbPool["make"]>[0], "maxPixels">,
    thumbKey: string,
    owner: string,
  ): Promise<string | undefined> {
    const { pool, maxPixels, refused, failed } = this.#options;
    const reply = await pool.make({ ...job, maxPixels }, owner);
    if (reply.kind === "made") return reply.contentType;
    if (reply.reason !== "ended") this.#failures.set(thumbKey, true);
    if (reply.reason === "pixels") refused("limit_thumb_pixels");
    failed(thumbKey, reply.message);
    return undefined;
  }
}

function thumbKeyOf(key: string, size: string): string {
  const at = key.lastIndexOf("/") + 1;
  const name = key.slice(at);
  return `${key.slice(0, at)}thumbs_${name}/${size}_${name}`;
}
