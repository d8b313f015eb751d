import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Smaller ones fit into a packet as they are. */
const MIN_BYTES = 1_400;
/** JSON of records shrinks to a fifth at the first level, and hardly more above it. */
const LEVEL = 1;

const compress = promisify(gzip);

/** A JSON answer, compressed beside the event loop for those who take it. */
export async function compressedJson(request: Request, text: string): Promise<Response> {
  const headers = { "Content-Type": "application/json", Vary: "Accept-Encoding" };
  if (text.length < MIN_BYTES || !acceptsGzip(request.headers.get("accept-encoding") ?? "")) {
    return new Response(text, { headers });
  }
  const bytes = await compress(text, { level: LEVEL });
  return new Response(bytes, { headers: { ...headers, "Content-Encoding": "gzip" } });
}

/** RFC 9110, section 12.5.3: named, or any, and not with a quality of zero. */
const acceptsGzip = (accepted: string): boolean =>
  accepted.split(",").some((coding) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding));
