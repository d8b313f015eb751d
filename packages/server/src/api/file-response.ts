import { extname } from "node:path";
import type { StoredFile } from "../files/file-store.ts";
import { toBool } from "../lib/cast.ts";
import type { ApiRequest } from "./api-request.ts";
import { type ByteRange, readRange } from "./byte-range.ts";

/** Types that a browser shows without running anything in them; all others are downloads. */
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
/** Types that sniffing gets wrong and browsers insist on. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  ".svg": "image/svg+xml",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".xlsx": `${OFFICE}.spreadsheetml.sheet`,
  ".docx": `${OFFICE}.wordprocessingml.document`,
  ".pptx": `${OFFICE}.presentationml.presentation`,
};

const FILE_HEADERS = {
  "Accept-Ranges": "bytes",
  "Cache-Control": "max-age=2592000, stale-while-revalidate=86400",
  "Content-Security-Policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
};

/** Serves a file whole, in part or not at all (RFC 9110, sections 13 and 14), with PocketBase's headers. */
export function fileResponse({ raw, query }: ApiRequest, name: string, file: StoredFile): Response {
  const headers = new Headers(FILE_HEADERS);
  // HTTP dates have no milliseconds.
  const modified = Math.floor(file.modified.getTime() / 1000) * 1000;
  headers.set("Last-Modified", new Date(modified).toUTCString());
  if (isUnmodified(raw, modified)) return new Response(null, { status: 304, headers });

  const attachment = toBool(query["download"]) || !INLINE.has(file.contentType);
  headers.set("Content-Disposition", `${attachment ? "attachment" : "inline"}; filename=${name}`);
  headers.set("Content-Type", BY_EXTENSION[extname(name)] ?? file.contentType);
  const range = isRangeCurrent(raw, modified) ? readRange(raw.headers.get("range"), file.size) : "whole";
  if (range === "whole") return new Response(file.content, { headers });
  if (range === "unsatisfiable") {
    headers.set("Content-Range", `bytes */${file.size}`);
    headers.set("Content-Type", "text/plain; charset=utf-8");
    return new Response("invalid range: failed to overlap\n", { status: 416, headers });
  }
  return partOf(file, range, headers);
}

function partOf(file: StoredFile, { start, end }: ByteRange, headers: Headers): Response {
  headers.set("Content-Range", `bytes ${start}-${end}/${file.size}`);
  return new Response(file.content.slice(start, end + 1), { status: 206, headers });
}

function isUnmodified({ headers, method }: Request, modified: number): boolean {
  const since = Date.parse(headers.get("if-modified-since") ?? "");
  return (method === "GET" || method === "HEAD") && modified <= since;
}

/** `If-Range` with a date; there are no entity tags. */
function isRangeCurrent({ headers }: Request, modified: number): boolean {
  const ifRange = headers.get("if-range");
  return ifRange === null || Date.parse(ifRange) === modified;
}
