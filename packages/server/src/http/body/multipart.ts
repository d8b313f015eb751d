import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import type { HeldBody } from "./body-memory.ts";

/** Go's limit, which PocketBase has. */
const MAX_PARTS = 1_000;
/** Bytes. Larger files go to the disk while they arrive. */
const MAX_IN_MEMORY = 65_536;

export interface MultipartForm {
  readonly texts: readonly (readonly [name: string, text: string])[];
  readonly files: readonly (readonly [name: string, file: File])[];
}

/**
 * Reads a multipart form. Large files are in a temporary folder until the request is answered.
 *
 * @throws ApiError 429 or 503 if there is no memory for it; any other error for a malformed form
 */
export async function readMultipartForm(
  chunks: AsyncIterable<Uint8Array>,
  contentType: string,
  held: HeldBody,
): Promise<MultipartForm> {
  const form = new Busboy({
    headers: { "content-type": contentType },
    preservePath: true,
    limits: { parts: MAX_PARTS, fieldSize: Number.POSITIVE_INFINITY },
    // An empty file input arrives as a part with an empty file name.
    isPartAFile: (_field, _type, fileName) => fileName !== undefined && fileName !== "",
  });
  const parts = new FormParts(form, held);
  try {
    for await (const chunk of chunks) {
      held.take(chunk.byteLength);
      await parts.unlessFailed(write(form, chunk));
    }
    form.end();
    await parts.unlessFailed(parts.finished);
    return { texts: parts.texts, files: await Promise.all(parts.files) };
  } catch (error) {
    parts.stop();
    throw error;
  }
}

const write = (form: BusboyInstance, chunk: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    form.write(chunk, (error) => (error ? reject(error) : resolve()));
  });

/** The parts of a form as they arrive. */
class FormParts {
  readonly texts: [name: string, text: string][] = [];
  readonly files: Promise<[name: string, file: File]>[] = [];
  readonly #streams: BusboyFileStream[] = [];
  /** The form may say so before its last bytes: the last boundary may be followed by anything. */
  readonly finished: Promise<void>;
  readonly #failure = Promise.withResolvers<never>();
  readonly #folder: TemporaryFolder;

  constructor(
    readonly form: BusboyInstance,
    readonly held: HeldBody,
  ) {
    this.#folder = new TemporaryFolder(held);
    this.#failure.promise.catch(() => {});
    this.finished = new Promise((resolve) => form.once("finish", resolve));
    form.on("error", this.#failure.reject);
    form.on("partsLimit", () => this.#failure.reject(new RangeError(`more than ${MAX_PARTS} parts`)));
    form.on("field", (name: string | undefined, text) => void this.texts.push([name ?? "", text]));
    form.on("file", (name: string | undefined, content, fileName, _encoding, type) => {
      const file = receive(content, this.#folder, held).then((blob): [string, File] => [
        name ?? "",
        new File([blob], fileName, { type }),
      ]);
      file.catch(this.#failure.reject);
      this.#streams.push(content);
      this.files.push(file);
    });
  }

  unlessFailed(work: Promise<void>): Promise<void> {
    return Promise.race([work, this.#failure.promise]);
  }

  stop(): void {
    this.form.destroy();
    for (const stream of this.#streams) stream.destroy(new Error("the form is not read any more"));
  }
}

/** Keeps a small file in memory, and writes a large one to the disk. */
async function receive(content: AsyncIterable<Buffer>, folder: TemporaryFolder, held: HeldBody): Promise<Blob> {
  const kept: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let disk: { readonly path: string; readonly sink: Bun.FileSink } | undefined;
  try {
    for await (const chunk of content) {
      size += chunk.byteLength;
      // A copy: the chunk is a part of what the request's reader gave, which would stay in memory as a whole.
      kept.push(new Uint8Array(chunk));
      if (size <= MAX_IN_MEMORY) continue;
      disk ??= await folder.create();
      for (const part of kept.splice(0)) {
        await disk.sink.write(part);
        held.take(-part.byteLength);
      }
    }
  } finally {
    await disk?.sink.end();
  }
  return disk ? Bun.file(disk.path) : new Blob(kept);
}

/** Made when the first large file arrives, and removed when the request is answered. */
class TemporaryFolder {
  #path: Promise<string> | undefined;
  #count = 0;

  constructor(readonly held: HeldBody) {}

  async create(): Promise<{ readonly path: string; readonly sink: Bun.FileSink }> {
    this.#path ??= this.#make();
    const path = join(await this.#path, String((this.#count += 1)));
    return { path, sink: Bun.file(path).writer() };
  }

  async #make(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), "headwater-upload-"));
    this.held.afterwards(() => rm(path, { recursive: true, force: true }));
    return path;
  }
}
