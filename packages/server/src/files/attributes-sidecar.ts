import { z } from "zod";
import { parseJson } from "../lib/json-value.ts";
import type { FileAttributes } from "./file-store.ts";

/** The side-car of a file: `<name>.attrs`, the format of Go Cloud's fileblob, which PocketBase keeps. */
export const ATTRS = ".attrs";

/** What a file is that has no side-car. */
export const UNKNOWN_TYPE = "application/octet-stream";

const ORIGINAL_NAME = "original-filename";
const MAX_ORIGINAL_NAME = 255;

/** @param md5 base64 */
export function encodeAttrs({ contentType, originalName }: FileAttributes, md5: string): string {
  const attrs = {
    "user.cache_control": "",
    "user.content_disposition": "",
    "user.content_encoding": "",
    "user.content_language": "",
    "user.content_type": contentType,
    "user.metadata": originalName === undefined ? null : { [ORIGINAL_NAME]: cut(originalName) },
    md5,
  };
  return `${JSON.stringify(attrs)}\n`;
}

const ATTRIBUTES = z.object({
  "user.content_type": z.string().min(1).catch(UNKNOWN_TYPE),
  "user.metadata": z.object({ [ORIGINAL_NAME]: z.string().optional() }).nullish(),
});

/** Tolerates a missing or broken side-car: the file is then of unknown type. */
export function parseAttrs(text: string | undefined): FileAttributes {
  const { data } = ATTRIBUTES.safeParse(parseJson(text ?? ""));
  const originalName = data?.["user.metadata"]?.[ORIGINAL_NAME];
  return {
    contentType: data?.["user.content_type"] ?? UNKNOWN_TYPE,
    ...(originalName !== undefined && { originalName }),
  };
}

/** PocketBase cuts by bytes; a character that the cut splits is dropped. */
const cut = (name: string): string => Buffer.from(name).subarray(0, MAX_ORIGINAL_NAME).toString().replace(/�+$/, "");
