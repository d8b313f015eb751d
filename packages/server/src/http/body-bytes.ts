import { ApiError } from "../lib/api-error.ts";

/** PocketBase's default: 32 MiB. */
export const DEFAULT_BODY_LIMIT = 32 << 20;

/** @throws ApiError 413 when the request says itself that its body is larger than `limit` bytes */
export function assertBodyLimit(raw: Request, limit: number): void {
  if (Number(raw.headers.get("content-length") ?? 0) > limit) throw new ApiError(413);
}

/**
 * Reads the body to its end; a chunked one is given up as soon as it is larger than `limit` bytes.
 *
 * @throws ApiError 413 above the limit; any other error when the client goes away
 */
export async function readBytes(raw: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  assertBodyLimit(raw, limit);
  // A stated length has been checked, and HTTP lets no more than that through.
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
