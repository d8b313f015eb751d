import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { type FileContent, streamOf } from "./file-store.ts";

/** Bytes that are collected before they are written. A thousand uploads that hang hold no more than this each. */
const PIECE = 16 << 10;

/**
 * A new file that is written piece by piece. The next bytes are taken when the last piece is on the disk, so a slow disk
 * slows the sender down, and memory holds one piece.
 */
export class FileWriter {
  readonly #hash = createHash("md5");
  /** One for the whole file: new ones would be garbage faster than it is collected. */
  readonly #piece = Buffer.allocUnsafe(PIECE);
  #filled = 0;
  #size = 0;

  private constructor(private readonly file: Awaited<ReturnType<typeof open>>) {}

  /** @throws if the file exists */
  static async create(path: string): Promise<FileWriter> {
    return new FileWriter(await open(path, "wx"));
  }

  get size(): number {
    return this.#size;
  }

  /** Await it before the next call. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.byteLength;
    if (this.#filled + bytes.byteLength > PIECE) await this.#flush();
    if (bytes.byteLength >= PIECE) return this.#store(bytes);
    this.#piece.set(bytes, this.#filled);
    this.#filled += bytes.byteLength;
  }

  /** @returns the content's MD5 in base64 for the side-car: it is computed on the way, so the content is read once */
  async end(): Promise<string> {
    await this.#flush();
    await this.file.close();
    return this.#hash.digest("base64");
  }

  /** Closes the file as it is. */
  async abort(): Promise<void> {
    await this.file.close().catch(() => {});
  }

  async #flush(): Promise<void> {
    const collected = this.#piece.subarray(0, this.#filled);
    this.#filled = 0;
    await this.#store(collected);
  }

  async #store(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    let left = bytes;
    while (left.byteLength > 0) {
      const { bytesWritten } = await this.file.write(left);
      left = left.subarray(bytesWritten);
    }
  }
}

/** Writes all of the content, and ends or aborts. @returns its MD5 in base64 */
export async function writeAll(writer: FileWriter, content: FileContent): Promise<string> {
  try {
    for await (const chunk of streamOf(content)) await writer.write(chunk);
    return await writer.end();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
