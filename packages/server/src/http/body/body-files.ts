import { rm } from "node:fs/promises";
import { FileWriter } from "../../files/file-writer.ts";
import { noteSpooled, type Spool } from "../../files/spool.ts";
import { invalid, limited } from "../../lib/api-error.ts";
import { onUploaded } from "../../lib/collect-garbage.ts";
import { Quota } from "../../lib/scheduling/quota.ts";
import { toStoreError } from "../../store/system-error.ts";
import type { HeldBody } from "./body-memory.ts";

/** How many bytes of bodies' files may be on the disk; 0 is no limit. */
export interface BodyFilesLimits {
  readonly total: number;
  /** Of all requests from one address. */
  readonly perClient: number;
}

const RETRY_SECONDS = 5;

/** Puts the files of bodies into the spool, and counts their bytes until their requests are answered. */
export class BodyFiles {
  readonly #quota: Quota<HeldBody>;

  /** @param refused called with the code of a limit that refuses a file */
  constructor(
    private readonly spool: Spool,
    limits: BodyFilesLimits,
    private readonly refused: (limit: string) => void,
  ) {
    this.#quota = new Quota({ total: limits.total, perKey: limits.perClient, free: 0 });
  }

  get bytes(): number {
    return this.#quota.total;
  }

  /** Starts a file, which is removed when the body's request is answered. */
  async create(body: HeldBody): Promise<BodyFile> {
    const path = await this.spool.newPath();
    const writer = await FileWriter.create(path).catch((error: unknown) => {
      throw toStoreError(error);
    });
    body.afterwards(async () => {
      await rm(path, { force: true });
      body.fileBytes = 0;
      this.#quota.release(body);
    });
    return new BodyFile(path, writer, (bytes) => this.#take(body, bytes));
  }

  /** @throws ApiError 429 beyond the address's limit, 503 beyond that of all */
  #take(body: HeldBody, bytes: number): void {
    const reached = this.#quota.set(body, body.fileBytes + bytes, body.groups);
    if (!reached) body.fileBytes += bytes;
    if (!reached) return;
    const problem =
      reached === "total"
        ? invalid("limit_spool_bytes", "Too many uploads are on their way (--max-spool-mb).")
        : invalid("limit_spool_bytes_client", "The address uploads too much at once (--max-spool-mb-per-client).");
    this.refused(problem.code);
    throw limited(reached === "total" ? 503 : 429, { body: problem }, RETRY_SECONDS);
  }
}

/** A file of a body, on the disk. */
export class BodyFile {
  constructor(
    private readonly path: string,
    private readonly writer: FileWriter,
    private readonly take: (bytes: number) => void,
  ) {}

  /** @throws ApiError 429 or 503 beyond a limit, StoreError if the disk fails */
  async write(bytes: Uint8Array): Promise<void> {
    this.take(bytes.byteLength);
    onUploaded(bytes.byteLength);
    await this.writer.write(bytes).catch((error: unknown) => {
      throw toStoreError(error);
    });
  }

  /** @returns the content, which the file store can take without a copy */
  async end(name: string, type: string): Promise<File> {
    const md5 = await this.writer.end().catch((error: unknown) => {
      throw toStoreError(error);
    });
    const file = new File([Bun.file(this.path)], name, { type });
    noteSpooled(file, { path: this.path, md5, size: this.writer.size });
    return file;
  }

  abort(): Promise<void> {
    return this.writer.abort();
  }
}
