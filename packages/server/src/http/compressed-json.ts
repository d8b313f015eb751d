import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Smaller bodies fit into one packet uncompressed. */
const MIN_BYTES = 1_400;
/** Level 1 shrinks the JSON of records to a fifth; higher levels gain hardly anything. */
const LEVEL = 1;

const compress = promisify(gzip);

/** A JSON response, compressed off the event loop if the client accepts gzip. */
export async function compressedJson(request: Request, text: string): Promise<Response> {
  const headers = { "Content-Type": "application/json", Vary: "Accept-Encoding" };
  if (text.length < MIN_BYTES || !acceptsGzip(request.headers.get("accept-encoding") ?? "")) {
    return new Response(text, { headers });
  }
  const bytes = await compress(text, { level: LEVEL });
  return new Response(bytes, { headers: { ...headers, "Content-Encoding": "gzip" } });
}

/** RFC 9110, section 12.5.3: gzip or `*`, unless its quality is zero. */
const acceptsGzip = (accepted: string): boolean =>
  accepted.split(",").some((coding) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding));
