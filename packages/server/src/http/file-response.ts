import { extname } from "node:path";
import type { StoredFile } from "../files/file-store.ts";
import { toBool } from "../lib/text/coerce.ts";
import type { ApiRequest } from "./request.ts";
import { type ByteRange, readRange } from "./byte-range.ts";
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

/** Serves a file, a part of it, or neither (RFC 9110, sections 13 and 14), with PocketBase's headers. */
export function fileResponse({ raw, query }: ApiRequest, name: string, file: StoredFile): Response {
  // HTTP dates have no milliseconds.
  const modified = Math.floor(file.modified.getTime() / 1000) * 1000;
  const attachment = toBool(query["download"]) || !INLINE.has(file.contentType);
  const headers = new Headers({
    "Content-Security-Policy": POLICY,
    "Content-Disposition": `${attachment ? "attachment" : "inline"}; filename="${quotable(name)}"`,
    "Cache-Control": CACHING,
    "Last-Modified": new Date(modified).toUTCString(),
  });
  const condition = checkPreconditions(raw, modified);
  if (condition !== "proceed") return new Response(null, { status: condition, headers });

  const range = isRangeCurrent(raw, modified) ? readRange(raw.headers.get("range"), file.size) : "whole";
  if (range === "outside" || range === "malformed") return refuseRange(range, file.size, headers);
  headers.set("Content-Type", BY_EXTENSION[extname(name)] ?? file.contentType);
  headers.set("Accept-Ranges", "bytes");
  return range === "whole" ? new Response(file.content(), { headers }) : partOf(file, range, headers);
}

/** Names that the server generates need no escaping, but those in an imported folder may. */
const quotable = (name: string): string => name.replaceAll(/[^ -~]|["\\]/g, "_");

function partOf(file: StoredFile, { start, end }: ByteRange, headers: Headers): Response {
  headers.set("Content-Range", `bytes ${start}-${end}/${file.size}`);
  return new Response(file.content(start, end + 1), { status: 206, headers });
}

/** An error must not be cached, so the caching headers are removed, as in Go. */
function refuseRange(reason: "outside" | "malformed", size: number, headers: Headers): Response {
  headers.delete("Cache-Control");
  headers.delete("Last-Modified");
  headers.set("Content-Type", "text/plain; charset=utf-8");
  if (reason === "outside") headers.set("Content-Range", `bytes */${size}`);
  const text = reason === "outside" ? "invalid range: failed to overlap\n" : "invalid range\n";
  return new Response(text, { status: 416, headers });
}
