import pLimit from "p-limit";
import { type FileContent, streamOf } from "../file-store.ts";
import { spooledOf } from "../spool.ts";
import type { S3Connection } from "./s3-connection.ts";
import { S3Error } from "./s3-error.ts";
import { parseXml, textOf } from "./s3-xml.ts";

/** Bytes of a part. Smaller files are sent in one request. */
export const PART_BYTES = 8 << 20;
/** S3 takes no more parts of one file. */
const MAX_PARTS = 10_000;
/** Parts of one file that are sent at once. */
const PARALLEL = 3;

/** Part numbers, from 1, with the tags that the store gave them. */
type Parts = Map<number, string>;

/** Sends a file to the bucket. It is there when all has arrived, or not at all. @throws S3Error, or whatever the content throws */
export async function uploadObject(
  s3: S3Connection,
  key: string,
  content: FileContent,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (!(content instanceof Blob)) return uploadStream(s3, key, content, headers);
  const spooled = spooledOf(content);
  const file = spooled ? Bun.file(spooled.path) : content;
  const { size } = file;
  if (size <= PART_BYTES) return uploadWhole(s3, key, file, headers);
  await inParts(s3, key, headers, async (upload, parts) => {
    const bytes = Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS));
    const limit = pLimit(PARALLEL);
    const starts = Array.from({ length: Math.ceil(size / bytes) }, (_, index) => index * bytes);
    const sendAll = starts.map((start, index) =>
      limit(async () => {
        // Bun sends a piece of a file without having it in memory.
        const part = file.slice(start, Math.min(start + bytes, size));
        await uploadPart(s3, key, upload, parts, index + 1, part);
      }),
    );
    await Promise.all(sendAll).finally(() => limit.clearQueue());
  });
}

async function uploadStream(
  s3: S3Connection,
  key: string,
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const pieces = partsOf(content);
  const first = await pieces.next();
  const second = first.done ? first : await pieces.next();
  if (second.done) return uploadWhole(s3, key, new Blob(first.value ? [first.value] : []), headers);
  await inParts(s3, key, headers, async (upload, parts) => {
    await uploadPart(s3, key, upload, parts, 1, first.value!);
    await uploadPart(s3, key, upload, parts, 2, second.value);
    for await (const part of pieces) await uploadPart(s3, key, upload, parts, parts.size + 1, part);
  });
}

/** The content in pieces of one part each. Later parts are larger, so that any size fits. */
async function* partsOf(content: FileContent): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  let count = 0;
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const chunk of streamOf(content)) {
    for (let at = 0; at < chunk.byteLength;) {
      const taken = chunk.subarray(at, at + part.byteLength - filled);
      part.set(taken, filled);
      at += taken.byteLength;
      filled += taken.byteLength;
      if (filled < part.byteLength) continue;
      yield part;
      count += 1;
      part = new Uint8Array(PART_BYTES * 2 ** Math.floor(count / 1_000));
      filled = 0;
    }
  }
  if (filled > 0) yield part.slice(0, filled);
}

async function uploadWhole(
  s3: S3Connection,
  key: string,
  body: Blob,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  await s3.text({ method: "PUT", key, headers: { ...headers, "Content-Length": String(body.size) }, body });
}

/** Starts an upload in parts, and completes it after the work or, if that fails, removes what has arrived. */
async function inParts(
  s3: S3Connection,
  key: string,
  headers: Readonly<Record<string, string>>,
  work: (upload: string, parts: Parts) => Promise<void>,
): Promise<void> {
  const answer = await s3.text({ method: "POST", key, query: { uploads: "" }, headers });
  const upload = textOf(parseXml(answer, "InitiateMultipartUploadResult"), "UploadId");
  if (upload === "") throw new S3Error(502, "InvalidAnswer", "The S3 store started no upload.");
  try {
    const parts: Parts = new Map();
    await work(upload, parts);
    await complete(s3, key, upload, parts);
  } catch (error) {
    await abortUpload(s3, key, upload).catch(() => {});
    throw error;
  }
}

export async function abortUpload(s3: S3Connection, key: string, uploadId: string): Promise<void> {
  await s3.text({ method: "DELETE", key, query: { uploadId } });
}

async function uploadPart(
  s3: S3Connection,
  key: string,
  uploadId: string,
  parts: Parts,
  partNumber: number,
  body: Blob | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const query = { uploadId, partNumber: String(partNumber) };
  const headers = { "Content-Length": String(body instanceof Blob ? body.size : body.byteLength) };
  const response = await s3.send({ method: "PUT", key, query, headers, body });
  await s3.within(response.arrayBuffer());
  parts.set(partNumber, response.headers.get("etag") ?? "");
}

async function complete(s3: S3Connection, key: string, uploadId: string, parts: Parts): Promise<void> {
  const listed = [...parts]
    .sort(([a], [b]) => a - b)
    .map(([number, tag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${Bun.escapeHTML(tag)}</ETag></Part>`);
  const body = `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
  const headers = { "Content-Type": "application/xml" };
  throwIfError(await s3.text({ method: "POST", key, query: { uploadId }, headers, body, limitMs: s3.limitMs * 10 }));
}

/** For long work, S3 says 200 before it knows whether it succeeds. */
export function throwIfError(answer: string): void {
  const error = parseXml(answer, "Error");
  if (!error) return;
  const code = textOf(error, "Code");
  throw new S3Error(500, code, `500 ${code}: ${textOf(error, "Message")}`, answer);
}
