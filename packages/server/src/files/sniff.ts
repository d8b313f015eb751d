import { fileTypeFromBuffer } from "file-type";
import { TurnShare } from "../lib/scheduling/turn-share.ts";
import { UNKNOWN_TYPE } from "./attributes-sidecar.ts";
import type { FileType } from "./file-type.ts";
import { sniffText } from "./sniff-text.ts";

/** Enough bytes to recognise any type by its start. */
const HEAD = 4100;

/** How long all files together may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;
const turns = new TurnShare(MAX_TURN_MS);

/** The type of a file by its content. It has PocketBase's name, because file fields list allowed types by name. */
export async function sniff(content: Blob): Promise<FileType> {
  const head = new Uint8Array(await content.slice(0, HEAD).arrayBuffer());
  // Of many files that wait, those that find no time in the next turn wait again.
  for (let pause = turns.pause(performance.now()); pause; pause = turns.pause(performance.now())) await pause;
  const binary = await fileTypeFromBuffer(head);
  // XML formats are left to `sniffText`, which knows SVG.
  if (binary === undefined || binary.mime === "application/xml") {
    return sniffText(head) ?? { contentType: UNKNOWN_TYPE, extension: "" };
  }
  return { contentType: POCKETBASE_NAMES[binary.mime] ?? binary.mime, extension: `.${binary.ext}` };
}

/** Types that PocketBase's library names differently. */
const POCKETBASE_NAMES: Readonly<Record<string, string>> = {
  "application/rtf": "text/rtf",
  "application/x-rar-compressed": "application/vnd.rar",
  "application/x-sqlite3": "application/vnd.sqlite3",
  "application/x-msdownload": "application/vnd.microsoft.portable-executable",
  "audio/ogg; codecs=opus": "audio/ogg",
  "video/matroska": "video/x-matroska",
  "video/vnd.avi": "video/x-msvideo",
};
