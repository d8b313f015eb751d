import { ApiError } from "../lib/api-error.ts";

/** PocketBase's default: 32 MiB. */
export const DEFAULT_BODY_LIMIT = 32 << 20;

/** @throws ApiError 413 if the `Content-Length` is above `limit` bytes */
export function assertBodyLimit(raw: Request, limit: number): void {
  if (Number(raw.headers.get("content-length") ?? 0) > limit) throw new ApiError(413);
}

/**
 * Reads the whole body. Stops reading a chunked one as soon as it is larger than `limit` bytes.
 *
 * @throws ApiError 413 above the limit; any other error if the client disconnects
 */
export async function readBytes(raw: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  assertBodyLimit(raw, limit);
  // The Content-Length is within the limit, and HTTP delivers no more bytes than that.
  return raw.headers.has("content-length") ? new Uint8Array(await raw.arrayBuffer()) : readChunks(raw, limit);
}

async function readChunks(raw: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of raw.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw new ApiError(413);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
