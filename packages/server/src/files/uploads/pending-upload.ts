import { createHash } from "node:crypto";
import { type FileHandle, open, rm, stat, truncate } from "node:fs/promises";
import { z } from "zod";
import { parseJson } from "../../lib/json/json-value.ts";
import { toStoreError } from "../../store/system-error.ts";
import { Pieces } from "./pieces.ts";

const INFO = z.object({
  id: z.string(),
  collection: z.string(),
  field: z.string(),
  /** Key of the account that began it; "" for a guest. */
  owner: z.string(),
  /** What its bytes count for. */
  quotaKeys: z.array(z.string()),
  /** The client's file name. */
  name: z.string(),
  size: z.number(),
  /** The tus header `Upload-Metadata`, as it was sent. */
  metadata: z.string(),
  /** Where the bytes go: into a file here, or straight into the bucket. */
  target: z.enum(["disk", "bucket"]),
});

/** What is known of an upload before its bytes arrive. */
export type UploadInfo = z.output<typeof INFO>;

/** @returns `undefined` for a note that was cut */
export const parseUploadInfo = (text: string): UploadInfo | undefined => INFO.safeParse(parseJson(text)).data;

/** What a checksum of bytes must be. */
export interface Checksum {
  readonly algorithm: string;
  /** base64 */
  readonly value: string;
}

export const CHECKSUMS: readonly string[] = ["sha1", "sha256", "md5"];

/** The bytes were others than their checksum says. They are forgotten. */
export class ChecksumMismatch extends Error {}

/** A file that arrives in pieces, maybe over several connections, before a record names it. */
export class PendingUpload {
  /** Whether a record is about to name it. */
  #isClaimed = false;
  /** The request that appends now: how to end it, and when it has ended. */
  #writer: { readonly stop: () => void; readonly ended: Promise<void> } | undefined;

  private constructor(
    readonly info: UploadInfo,
    /** The file with the bytes that have arrived. */
    readonly path: string,
    private arrived: number,
    private touched: number,
  ) {}

  /** @param path of its bytes; the file exists */
  static async open(info: UploadInfo, path: string): Promise<PendingUpload> {
    const unchecked = await Bun.file(uncheckedPath(path))
      .text()
      .catch(() => undefined);
    if (unchecked !== undefined) await forgetAfter(path, Number(unchecked));
    const { size, mtimeMs } = await stat(path);
    return new PendingUpload(info, path, size, mtimeMs);
  }

  /** Bytes that are on the disk. */
  get offset(): number {
    return this.arrived;
  }

  get isComplete(): boolean {
    return this.info.target === "bucket" || this.arrived === this.info.size;
  }

  /** When bytes last arrived, in milliseconds since 1970. */
  get lastUse(): number {
    return this.touched;
  }

  get isInUse(): boolean {
    return this.#isClaimed || this.#writer !== undefined;
  }

  /** @returns false if another request is about to attach it */
  claim(): boolean {
    if (this.#isClaimed) return false;
    return (this.#isClaimed = true);
  }

  release(): void {
    this.#isClaimed = false;
  }

  /** Ends the request that appends now: its connection may be dead, and its client be back with another. */
  async settle(): Promise<void> {
    while (this.#writer) {
      this.#writer.stop();
      await this.#writer.ended;
    }
  }

  /**
   * Appends bytes while they arrive. What arrived before an error stays, unless there is a checksum.
   *
   * @param stop ends the bytes with an error
   * @throws ChecksumMismatch, StoreError if the disk fails, or whatever the bytes throw
   */
  async append(bytes: AsyncIterable<Uint8Array>, stop: () => void, checksum?: Checksum): Promise<void> {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const writer = { stop, ended };
    this.#writer = writer;
    const start = this.arrived;
    try {
      if (checksum) await Bun.write(uncheckedPath(this.path), String(start));
      await this.#write(bytes, checksum);
      if (checksum) await rm(uncheckedPath(this.path), { force: true });
    } catch (error) {
      if (checksum) this.arrived = await forgetAfter(this.path, start);
      throw toStoreError(error);
    } finally {
      this.#writer = undefined;
      resolve();
    }
  }

  async #write(bytes: AsyncIterable<Uint8Array>, checksum: Checksum | undefined): Promise<void> {
    const hash = checksum && createHash(checksum.algorithm);
    const file = await open(this.path, "r+");
    const flush = async (piece: Uint8Array): Promise<void> => {
      for (let left = piece; left.byteLength > 0;) {
        const { bytesWritten } = await file.write(left, 0, left.byteLength, this.arrived);
        this.arrived += bytesWritten;
        left = left.subarray(bytesWritten);
      }
      this.touched = Date.now();
    };
    const pieces = new Pieces(flush);
    try {
      for await (const chunk of bytes) {
        hash?.update(chunk);
        await pieces.add(chunk);
      }
    } finally {
      await pieces.flush();
      // The client may forget what we say has arrived.
      await syncAndClose(file);
    }
    if (hash && hash.digest("base64") !== checksum.value) throw new ChecksumMismatch();
  }
}

async function syncAndClose(file: FileHandle): Promise<void> {
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Where the number of bytes is noted that had arrived before those whose checksum is not known yet. */
export const uncheckedPath = (path: string): string => `${path}.unchecked`;

async function forgetAfter(path: string, size: number): Promise<number> {
  await truncate(path, size);
  await rm(uncheckedPath(path), { force: true });
  return size;
}
