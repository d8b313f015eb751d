import { z } from "zod";
import { parseJson } from "../lib/json/json-value.ts";
import { trimEnd } from "../lib/text/trim.ts";
import type { FileAttributes } from "./file-store.ts";

/** The suffix of a file's side-car, in the format of Go Cloud's fileblob, which PocketBase uses. */
export const SIDECAR_SUFFIX = ".attrs";

/** The type of a file without a side-car. */
export const UNKNOWN_TYPE = "application/octet-stream";

const ORIGINAL_NAME = "original-filename";
const MAX_ORIGINAL_NAME = 255;

/** @param md5 base64; `null` if it is not known */
export function encodeAttrs({ contentType, originalName }: FileAttributes, md5: string | null): string {
  const attrs = {
    "user.cache_control": "",
    "user.content_disposition": "",
    "user.content_encoding": "",
    "user.content_language": "",
    "user.content_type": contentType,
    "user.metadata": originalName === undefined ? null : { [ORIGINAL_NAME]: cutOriginalName(originalName) },
    md5,
  };
  return `${JSON.stringify(attrs)}\n`;
}

const ATTRIBUTES = z.object({
  "user.content_type": z.string().min(1).catch(UNKNOWN_TYPE),
  "user.metadata": z.object({ [ORIGINAL_NAME]: z.string().optional() }).nullish(),
});

/** Parses a side-car. If it is missing or invalid, the type is unknown. */
export function parseAttrs(text: string | undefined): FileAttributes {
  const { data } = ATTRIBUTES.safeParse(parseJson(text ?? ""));
  const originalName = data?.["user.metadata"]?.[ORIGINAL_NAME];
  return {
    contentType: data?.["user.content_type"] ?? UNKNOWN_TYPE,
    ...(originalName !== undefined && { originalName }),
  };
}

/** PocketBase cuts at a byte limit; a character that is split is dropped. */
export const cutOriginalName = (name: string): string =>
  trimEnd(Buffer.from(name).subarray(0, MAX_ORIGINAL_NAME).toString(), "�");
