import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { type FileContent, streamOf } from "./file-store.ts";

/** Bytes that are collected before they are written. */
const PIECE = 256 << 10;

/**
 * A new file that is written piece by piece. The next piece is taken when the last one is on its way to the disk, so a slow
 * disk slows the sender down and memory holds one piece.
 */
export class FileWriter {
  readonly #hash = createHash("md5");
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #size = 0;

  private constructor(private readonly file: Awaited<ReturnType<typeof open>>) {}

  /** @throws if the file exists */
  static async create(path: string): Promise<FileWriter> {
    return new FileWriter(await open(path, "wx"));
  }

  get size(): number {
    return this.#size;
  }

  /** @param bytes not to be changed any more */
  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#size += bytes.byteLength;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    if (this.#waitingBytes >= PIECE) await this.#flush();
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
    const pieces = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    let left = Buffer.concat(pieces);
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
