import { ApiError } from "../../lib/api-error.ts";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import type { BodyFiles } from "./body-files.ts";
import type { HeldBody } from "./body-memory.ts";

/** PocketBase's default: 32 MiB. */
export const DEFAULT_BODY_LIMIT = 32 << 20;
/** Smaller bodies are read at once. It is what each body may hold in any case. */
const SMALL = 16_384;

/** Bytes that are read at a time. */
const PIECE = 256 << 10;
/** How long all bodies together may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;
const turns = new TurnShare(MAX_TURN_MS);

/** A body and how much of it may be read. */
export interface BodySource {
  readonly raw: Request;
  /** Bytes. */
  readonly limit: number;
  readonly held: HeldBody;
  readonly files: BodyFiles;
  /** How many bytes the files of a form's part may have; infinite without a limit. */
  readonly maxFileBytes: (part: string) => number;
}

/** @throws ApiError 413 if the `Content-Length` is above `limit` bytes */
export function assertBodyLimit(raw: Request, limit: number): void {
  if (Number(raw.headers.get("content-length") ?? 0) > limit) throw new ApiError(413);
}

/**
 * Reads the whole body. Stops at the first bytes that are too many, or that `onBytes` refuses.
 *
 * @param onBytes gets the bytes as they arrive
 * @throws ApiError 413 above the limit, 429 or 503 if there is no memory for it; any other error if the client disconnects
 */
export async function readBytes(
  source: BodySource,
  onBytes: (bytes: Uint8Array) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { raw, limit, held } = source;
  assertBodyLimit(raw, limit);
  const length = raw.headers.get("content-length");
  if (length !== null && Number(length) <= SMALL) {
    // HTTP delivers no more bytes than the Content-Length.
    const bytes = new Uint8Array(await raw.arrayBuffer());
    onBytes(bytes);
    held.arrived();
    return bytes;
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of readChunks(source)) {
    held.take(chunk.byteLength);
    onBytes(chunk);
    chunks.push(chunk);
  }
  return joined(chunks);
}

/** The body's bytes as they arrive. What has arrived already is read without a wait, so others get their turns in between. */
export async function* readChunks({ raw, limit, held }: BodySource): AsyncGenerator<Uint8Array> {
  const reader = raw.body?.getReader();
  if (!reader) return;
  held.onCut = () => void reader.cancel().catch(() => {});
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      held.throwIfCut();
      if (done) break;
      size += value.byteLength;
      if (size > limit) throw new ApiError(413);
      for (let at = 0; at < value.byteLength; at += PIECE) {
        yield value.subarray(at, at + PIECE);
        const pause = turns.pause(performance.now());
        if (!pause) continue;
        await pause;
        held.throwIfCut();
      }
    }
    held.arrived();
  } finally {
    held.onCut = () => {};
    // Without effect once all has been read.
    void reader.cancel().catch(() => {});
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
