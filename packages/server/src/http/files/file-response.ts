import { extname } from "node:path";
import type { FileContent, StoredFile } from "../../files/file-store.ts";
import { toBool } from "../../lib/text/coerce.ts";
import type { ApiRequest } from "../request.ts";
import { readRanges } from "./byte-range.ts";
import { contentRange, multipartRanges } from "./multipart-ranges.ts";
import { checkPreconditions, isRangeCurrent } from "./preconditions.ts";

/** Types that browsers display without running code from them. All others are served as downloads. */
const INLINE: ReadonlySet<string> = new Set([
  ...["png", "jpg", "jpeg", "gif", "webp", "x-icon", "bmp"].map((type) => `image/${type}`),
  ...["webm", "mp4", "3gpp", "quicktime", "x-ms-wmv"].map((type) => `video/${type}`),
  ...["basic", "aiff", "mpeg", "midi", "mp3", "wave", "wav", "x-wav", "x-mpeg", "x-m4a", "aac"].map(
    (type) => `audio/${type}`,
  ),
  "application/pdf",
  "application/x-pdf",
]);

const OFFICE = "application/vnd.openxmlformats-officedocument";
/** Types that content sniffing gets wrong and browsers depend on. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  ".svg": "image/svg+xml",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".xlsx": `${OFFICE}.spreadsheetml.sheet`,
  ".docx": `${OFFICE}.wordprocessingml.document`,
  ".pptx": `${OFFICE}.presentationml.presentation`,
};

const POLICY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox";
const CACHING = "max-age=2592000, stale-while-revalidate=86400";

/** Serves a file, parts of it, or neither (RFC 9110, sections 13 and 14), with PocketBase's headers. */
export async function fileResponse({ raw, query }: ApiRequest, name: string, file: StoredFile): Promise<Response> {
  // HTTP dates have no milliseconds.
  const modified = Math.floor(file.modified.getTime() / 1000) * 1000;
  const attachment = toBool(query["download"]) || !INLINE.has(file.contentType);
  const type = BY_EXTENSION[extname(name)] ?? file.contentType;
  const headers = new Headers({
    "Content-Security-Policy": POLICY,
    "Content-Disposition": `${attachment ? "attachment" : "inline"}; filename="${quotable(name)}"`,
    "Cache-Control": CACHING,
    "Last-Modified": new Date(modified).toUTCString(),
  });
  const condition = checkPreconditions(raw, modified);
  if (condition !== 304) headers.set("Content-Type", type);
  if (condition !== "proceed") return new Response(null, { status: condition, headers });

  const ranges = isRangeCurrent(raw, modified) ? readRanges(raw.headers.get("range"), file.size) : [];
  if (typeof ranges === "string") return refuseRange(ranges, file.size, headers);
  headers.set("Accept-Ranges", "bytes");
  const [range = { start: 0, end: file.size }] = ranges;
  if (ranges.length > 1) {
    const { contentType, size, content } = multipartRanges(file, type, ranges);
    headers.set("Content-Type", contentType);
    return contentResponse(raw, 206, headers, size, content);
  }
  if (ranges.length === 1) headers.set("Content-Range", contentRange(range, file.size));
  const size = range.end - range.start;
  return contentResponse(raw, ranges.length === 1 ? 206 : 200, headers, size, () =>
    size === 0 ? EMPTY : file.content(range.start, range.end),
  );
}

/** Not a file: of an empty one Bun would read the `Range` header itself. */
const EMPTY = new Blob([]);

async function contentResponse(
  { method }: Request,
  status: number,
  headers: Headers,
  size: number,
  content: () => FileContent | Promise<FileContent>,
): Promise<Response> {
  headers.set("Content-Length", String(size));
  return new Response(method === "HEAD" ? null : await sized(await content(), size), { status, headers });
}

/** Bun sends streams in chunks, without their length, so the content of small files is collected. */
const sized = (content: FileContent, size: number): FileContent | Promise<Blob> =>
  content instanceof ReadableStream && size <= MAX_COLLECTED ? new Response(content).blob() : content;

/** Bytes. */
const MAX_COLLECTED = 1 << 20;

/** Names that the server generates need no escaping, but those in an imported folder may. */
const quotable = (name: string): string => name.replaceAll(/[^ -~]|["\\]/g, "_");

/** An error must not be cached, so the caching headers are removed, as in Go. */
function refuseRange(reason: "outside" | "malformed", size: number, headers: Headers): Response {
  headers.delete("Cache-Control");
  headers.delete("Last-Modified");
  headers.set("Content-Type", "text/plain; charset=utf-8");
  if (reason === "outside") headers.set("Content-Range", `bytes */${size}`);
  const text = reason === "outside" ? "invalid range: failed to overlap\n" : "invalid range\n";
  return new Response(text, { status: 416, headers });
}
