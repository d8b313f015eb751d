/** Names of the same type, as listed by the library that PocketBase uses (`gabriel-vasile/mimetype`). */
const SAME: readonly (readonly string[])[] = [
  ["application/zip", "application/x-zip", "application/x-zip-compressed"],
  ["application/gzip", "application/x-gzip", "application/x-gunzip", "application/gzipped", "gzip/document"],
  ["application/pdf", "application/x-pdf"],
  ["application/vnd.rar", "application/x-rar-compressed", "application/x-rar"],
  ["application/vnd.sqlite3", "application/x-sqlite3"],
  ["audio/aiff", "audio/x-aiff"],
  ["audio/midi", "audio/mid", "audio/sp-midi", "audio/x-mid", "audio/x-midi"],
  ["audio/mpeg", "audio/x-mpeg", "audio/mp3"],
  ["audio/wav", "audio/x-wav", "audio/vnd.wave", "audio/wave"],
  ["image/bmp", "image/x-bmp", "image/x-ms-bmp"],
  ["image/vnd.adobe.photoshop", "image/x-psd", "application/photoshop"],
  ["text/javascript", "application/javascript", "application/x-javascript"],
  ["text/rtf", "application/rtf"],
  ["text/xml", "application/xml"],
  ["video/webm", "audio/webm"],
  ["video/x-msvideo", "video/avi", "video/msvideo"],
];

/** Whether a sniffed type is one of the allowed types. Parameters such as `charset` are ignored. */
export function isAllowedType(contentType: string, allowed: readonly string[]): boolean {
  const type = essence(contentType);
  const names = SAME.find((group) => group.includes(type)) ?? [type];
  return allowed.some((name) => names.includes(essence(name)));
}

const essence = (type: string): string => type.split(";", 1)[0]!.trim().toLowerCase();
