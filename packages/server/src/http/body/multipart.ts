import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import { DEFAULT_BODY_LIMIT } from "./body-bytes.ts";
import type { BodyFile, BodyFiles } from "./body-files.ts";
import type { HeldBody } from "./body-memory.ts";

/** Go's limit, which PocketBase has. */
const MAX_PARTS = 1_000;
/** Bytes. Larger files go to the disk while they arrive. */
const MAX_IN_MEMORY = 65_536;

export interface MultipartForm {
  readonly texts: readonly (readonly [name: string, text: string])[];
  readonly files: readonly (readonly [name: string, file: File])[];
}

/** Where a form's parts go, and how large they may be. */
export interface FormTarget {
  readonly held: HeldBody;
  readonly files: BodyFiles;
  /** How many bytes the files of a part may have; infinite without a limit. */
  readonly maxFileBytes: (part: string) => number;
  /** The body's `Content-Length`; 0 if it is not known. */
  readonly expectedBytes: number;
}

/**
 * Reads a multipart form. Large files are in the spool until the request is answered.
 *
 * @throws ApiError 429 or 503 if there is no memory or no place for it; FileLimitError; StoreError if the disk fails; any
 *   other error for a malformed form
 */
export async function readMultipartForm(
  chunks: AsyncIterable<Uint8Array>,
  contentType: string,
  target: FormTarget,
): Promise<MultipartForm> {
  const form = new Busboy({
    headers: { "content-type": contentType },
    preservePath: true,
    limits: { parts: MAX_PARTS, fieldSize: Number.POSITIVE_INFINITY },
    // An empty file input arrives as a part with an empty file name.
    isPartAFile: (_field, _type, fileName) => fileName !== undefined && fileName !== "",
  });
  const parts = new FormParts(form, target);
  try {
    for await (const chunk of chunks) {
      target.held.take(chunk.byteLength);
      for (const piece of piecesOf(chunk)) {
        await parts.write(piece);
        const pause = turns.pause(performance.now());
        if (pause) await pause;
      }
    }
    await parts.end();
    return { texts: parts.texts, files: await Promise.all(parts.files) };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/** How long all forms together may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;
const turns = new TurnShare(MAX_TURN_MS);

const BOUNDARY_START = "\r\n--";
/** Parts that may begin in a piece: each costs as much as many bytes. */
const MAX_BEGINNINGS = 16;
/** Bytes. Content may be full of what looks like boundaries. */
const MIN_PIECE = 1_024;

/** Cuts a chunk so that few parts begin in each piece. */
function* piecesOf(chunk: Uint8Array): Generator<Uint8Array> {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  let start = 0;
  let beginnings = 0;
  for (let at = bytes.indexOf(BOUNDARY_START); at >= 0; at = bytes.indexOf(BOUNDARY_START, at + 1)) {
    beginnings += 1;
    if (beginnings < MAX_BEGINNINGS || at - start < MIN_PIECE) continue;
    yield chunk.subarray(start, at);
    start = at;
    beginnings = 0;
  }
  yield chunk.subarray(start);
}

/** The parts of a form as they arrive. */
class FormParts {
  readonly texts: [name: string, text: string][] = [];
  readonly files: Promise<[name: string, file: File]>[] = [];
  readonly #streams: BusboyFileStream[] = [];
  /** The form may say so before its last bytes: the last boundary may be followed by anything. */
  readonly #finished: Promise<void>;
  #failure: { readonly error: unknown } | undefined;
  #reject: (error: unknown) => void = () => {};
  #received = 0;

  constructor(
    readonly form: BusboyInstance,
    readonly target: FormTarget,
  ) {
    this.#finished = new Promise((resolve) => form.once("finish", resolve));
    form.on("error", (error) => this.#fail(error));
    form.on("partsLimit", () => this.#fail(new RangeError(`more than ${MAX_PARTS} parts`)));
    form.on("field", (name: string | undefined, text) => void this.texts.push([name ?? "", text]));
    form.on("file", (part: string | undefined, content, name, _encoding, type) => {
      const file = receive({ content, part: part ?? "", name, type }, target, () => this.#isLarge()).then(
        (received): [string, File] => [part ?? "", received],
      );
      file.catch((error: unknown) => this.#fail(error));
      this.#streams.push(content);
      this.files.push(file);
    });
  }

  write(chunk: Uint8Array): Promise<void> {
    this.#received += chunk.byteLength;
    return this.#unlessFailed((resolve, reject) => {
      this.form.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): Promise<void> {
    this.form.end();
    return this.#unlessFailed((resolve) => void this.#finished.then(resolve));
  }

  /**
   * Whether the body is so large that a file beyond its limit ends it. The rest of a smaller one is read, so that the answer
   * names everything that is wrong, as PocketBase's does.
   */
  #isLarge(): boolean {
    return Math.max(this.#received, this.target.expectedBytes) > DEFAULT_BODY_LIMIT;
  }

  /** Not a race with one promise for the whole form, which would remember each of its pieces. */
  #unlessFailed(work: (resolve: () => void, reject: (error: unknown) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.error);
      this.#reject = reject;
      work(resolve, reject);
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#reject(error);
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.form.destroy();
    for (const stream of this.#streams) stream.destroy(new Error("the form is not read any more"));
    await Promise.allSettled(this.files);
  }
}

/** A file of the form is larger than its field allows. */
export class FileLimitError extends Error {
  constructor(
    readonly part: string,
    readonly fileName: string,
    readonly maxBytes: number,
  ) {
    super(`${fileName} has more than ${maxBytes} bytes`);
  }
}

interface FilePart {
  readonly content: AsyncIterable<Buffer>;
  readonly part: string;
  readonly name: string;
  readonly type: string;
}

/** Keeps a small file in memory, and writes a large one to the disk. */
async function receive(
  { content, part, name, type }: FilePart,
  target: FormTarget,
  isLarge: () => boolean,
): Promise<File> {
  const kept: Uint8Array<ArrayBuffer>[] = [];
  const { held, files } = target;
  const maxBytes = target.maxFileBytes(part);
  let size = 0;
  let disk: BodyFile | undefined;
  try {
    for await (const chunk of content) {
      size += chunk.byteLength;
      if (size > maxBytes && isLarge()) throw new FileLimitError(part, name, maxBytes);
      if (size <= MAX_IN_MEMORY) {
        // A copy: the chunk is a part of what the request's reader gave, which would stay in memory as a whole.
        kept.push(new Uint8Array(chunk));
        continue;
      }
      disk ??= await files.create(held);
      for (const piece of [...kept.splice(0), chunk]) {
        await disk.write(piece);
        held.take(-piece.byteLength);
      }
    }
    return disk ? await disk.end(name, type) : new File(kept, name, { type });
  } catch (error) {
    await disk?.abort();
    throw error;
  }
}
