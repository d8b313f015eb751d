import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { randomText } from "../../lib/random.ts";
import { Quota } from "../../lib/scheduling/quota.ts";
import { onDisk } from "../../store/system-error.ts";
import { parseUploadInfo, PendingUpload, uncheckedPath, type UploadInfo } from "./pending-upload.ts";

export interface PendingUploadLimits {
  /** Bytes of all uploads that no record names yet; 0 is no limit. */
  readonly total: number;
  /** Of one account, or of the guests of one address. */
  readonly perAccount: number;
  /** Milliseconds after its last bytes until an upload is forgotten; 0 for never. */
  readonly keepMs: number;
}

export interface PendingUploadsOptions {
  readonly folder: string;
  readonly limits: PendingUploadLimits;
  /** Removes what a client put into the bucket. */
  readonly removeObject: (key: string) => Promise<void>;
}

/** What an upload counts at least, in bytes: so many small ones are limited too. */
const MIN_COUNTED = 65_536;
const INFO = ".json";

/** Uploads that no record names yet, in a folder of the data folder. They survive a restart. */
export class PendingUploads {
  readonly #options: PendingUploadsOptions;
  readonly #folder: string;
  readonly #quota: Quota<string>;
  readonly #uploads = new Map<string, PendingUpload>();

  private constructor(options: PendingUploadsOptions) {
    this.#options = options;
    this.#folder = resolve(options.folder);
    const { total, perAccount } = options.limits;
    this.#quota = new Quota({ total, perKey: perAccount, free: 0 });
  }

  /** Finds the uploads that an earlier process left. The folder is created on first use. */
  static async open(options: PendingUploadsOptions): Promise<PendingUploads> {
    const uploads = new PendingUploads(options);
    await onDisk(uploads.#load());
    return uploads;
  }

  /** Bytes that are counted now. */
  get bytes(): number {
    return this.#quota.total;
  }

  get keepMs(): number {
    return this.#options.limits.keepMs;
  }

  /** @returns the limit that it would exceed instead of the upload */
  async create(info: Omit<UploadInfo, "id">): Promise<PendingUpload | "total" | "key"> {
    const id = randomText(30);
    const exceeded = this.#quota.set(id, counted(info.size), info.quotaKeys);
    if (exceeded) return exceeded;
    try {
      return await onDisk(this.#write({ ...info, id }));
    } catch (error) {
      this.#quota.release(id);
      throw error;
    }
  }

  find(id: string, now: Date): PendingUpload | undefined {
    const upload = this.#uploads.get(id);
    return upload && !this.#isExpired(upload, now) ? upload : undefined;
  }

  /** When it expires; `undefined` for never. */
  expiresAt(upload: PendingUpload): Date | undefined {
    return this.keepMs === 0 ? undefined : new Date(upload.lastUse + this.keepMs);
  }

  /** Forgets an upload and its bytes. */
  async remove({ info: { id, target }, path }: PendingUpload): Promise<void> {
    this.#uploads.delete(id);
    this.#quota.release(id);
    if (target === "bucket") await this.#options.removeObject(bucketKeyOf(id));
    for (const file of [path, uncheckedPath(path), path + INFO]) await onDisk(rm(file, { force: true }));
  }

  /** Removes the uploads that expired. @param failed called for each that can't be removed now */
  async sweep(now: Date, failed: (error: unknown) => void): Promise<void> {
    for (const upload of this.#uploads.values()) {
      if (this.#isExpired(upload, now)) await this.remove(upload).catch(failed);
    }
  }

  #isExpired(upload: PendingUpload, now: Date): boolean {
    const expires = this.expiresAt(upload);
    return expires !== undefined && expires <= now && !upload.isInUse;
  }

  /** The bytes' file first: a note without it is of no use. */
  async #write(info: UploadInfo): Promise<PendingUpload> {
    const path = join(this.#folder, info.id);
    await mkdir(this.#folder, { recursive: true });
    await Bun.write(path, "");
    await Bun.write(path + INFO, JSON.stringify(info));
    return this.#add(await PendingUpload.open(info, path));
  }

  async #load(): Promise<void> {
    const names = await readdir(this.#folder).catch((): string[] => []);
    const known = new Set<string>();
    for (const name of names.filter((each) => each.endsWith(INFO))) {
      const info = parseUploadInfo(await Bun.file(join(this.#folder, name)).text());
      const path = join(this.#folder, name.slice(0, -INFO.length));
      if (!info || !names.includes(info.id)) continue;
      for (const file of [path, uncheckedPath(path), path + INFO]) known.add(file);
      this.#quota.set(info.id, counted(info.size), info.quotaKeys);
      this.#add(await PendingUpload.open(info, path));
    }
    const left = names.map((name) => join(this.#folder, name)).filter((path) => !known.has(path));
    for (const path of left) await rm(path, { force: true });
  }

  #add(upload: PendingUpload): PendingUpload {
    this.#uploads.set(upload.info.id, upload);
    return upload;
  }
}

const counted = (size: number): number => Math.max(size, MIN_COUNTED);

/** Where a client puts an upload into the bucket. The shape is that of a record's file, so the sweep of orphans finds it. */
export const bucketKeyOf = (id: string): string => `.headwater/uploads/${id}`;
