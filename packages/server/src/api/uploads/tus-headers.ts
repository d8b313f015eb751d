import { badRequest } from "../../lib/api-error.ts";
import { isObject, type JsonObject } from "../../lib/json/json-object.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import { CHECKSUMS, type Checksum } from "../../files/uploads/pending-upload.ts";
import type { Announced } from "./authorize-upload.ts";

export const TUS_VERSION = "1.0.0";

/** On every answer of the upload endpoints, errors included. */
export const TUS_HEADERS: Readonly<Record<string, string>> = {
  "Tus-Resumable": TUS_VERSION,
  "Tus-Version": TUS_VERSION,
  "Tus-Extension": "creation,creation-with-upload,termination,expiration,checksum",
  "Tus-Checksum-Algorithm": CHECKSUMS.join(","),
  "Access-Control-Expose-Headers":
    "Location,Upload-Offset,Upload-Length,Upload-Metadata,Upload-Expires,Tus-Resumable,Tus-Version,Tus-Extension,Tus-Checksum-Algorithm",
};

/** @throws ApiError 400 unless the header is a number of bytes */
export function byteCount(headers: Headers, name: string): number {
  const text = headers.get(name) ?? "";
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count)) throw badRequest(`The header ${name} must be a number of bytes.`);
  return count;
}

/**
 * Reads `Upload-Metadata`: keys with base64 values, separated by commas.
 *
 * @throws ApiError 400 if it is malformed, or its `body` is no JSON object
 */
export function readMetadata(header: string): Omit<Announced, "size"> {
  const values = new Map<string, string>();
  for (const pair of header.split(",").map((text) => text.trim())) {
    if (pair === "") continue;
    const [key = "", encoded = "", ...more] = pair.split(/ +/);
    if (more.length > 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) throw badRequest("Upload-Metadata is malformed.");
    values.set(key, Buffer.from(encoded, "base64").toString());
  }
  const body = values.get("body") ?? "";
  return {
    field: values.get("field") ?? "",
    name: values.get("filename") ?? values.get("name") ?? "file",
    record: values.get("record") ?? "",
    body: body === "" ? {} : parseBody(body),
  };
}

function parseBody(text: string): JsonObject {
  const body = parseJson(text);
  if (!isObject(body)) throw badRequest('The "body" in Upload-Metadata must be a JSON object.');
  return body;
}

/** @throws ApiError 400 for an algorithm that is not supported */
export function readChecksum(header: string | null): Checksum | undefined {
  if (header === null) return undefined;
  const [algorithm = "", value = ""] = header.trim().split(/ +/);
  if (!CHECKSUMS.includes(algorithm)) {
    throw badRequest(`Upload-Checksum must begin with one of: ${CHECKSUMS.join(", ")}.`);
  }
  return { algorithm, value };
}
