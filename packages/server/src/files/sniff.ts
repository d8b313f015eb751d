import { fileTypeFromBuffer } from "file-type";
import { UNKNOWN_TYPE } from "./attributes-sidecar.ts";
import type { FileType } from "./file-type.ts";
import { sniffText } from "./sniff-text.ts";

/** As much as decides on any type that is told by its first bytes. */
const HEAD = 4100;

/** What a file is by its content. The type's names are PocketBase's, since fields list them as allowed types. */
export async function sniff(content: Blob): Promise<FileType> {
  const head = new Uint8Array(await content.slice(0, HEAD).arrayBuffer());
  const binary = await fileTypeFromBuffer(head);
  // XML and what is written in it are left to the rule for texts, which knows SVG.
  if (binary === undefined || binary.mime === "application/xml") {
    return sniffText(head) ?? { contentType: UNKNOWN_TYPE, extension: "" };
  }
  return { contentType: POCKETBASE_NAMES[binary.mime] ?? binary.mime, extension: `.${binary.ext}` };
}

/** Where the two libraries call a type by another name. */
const POCKETBASE_NAMES: Readonly<Record<string, string>> = {
  "application/rtf": "text/rtf",
  "application/x-rar-compressed": "application/vnd.rar",
  "application/x-sqlite3": "application/vnd.sqlite3",
  "application/x-msdownload": "application/vnd.microsoft.portable-executable",
  "audio/ogg; codecs=opus": "audio/ogg",
  "video/matroska": "video/x-matroska",
  "video/vnd.avi": "video/x-msvideo",
};
