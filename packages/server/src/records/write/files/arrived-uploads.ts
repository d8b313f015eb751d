import type { Collection } from "../../../collections/model/collection.ts";
import type { FileField } from "../../../collections/fields/field.ts";
import { S3Error } from "../../../files/s3/s3-error.ts";
import { sniff } from "../../../files/sniff.ts";
import { noteSpooled } from "../../../files/spool.ts";
import { type ArrivedUpload, readArrived, type Upload } from "../../../files/upload.ts";
import type { PendingUpload } from "../../../files/uploads/pending-upload.ts";
import { bucketKeyOf, type PendingUploads } from "../../../files/uploads/pending-uploads.ts";
import { badRequest, invalid } from "../../../lib/api-error.ts";
import { toTexts } from "../../../lib/text/coerce.ts";
import { isSuperuser, principalKey } from "../../../rules/principal.ts";
import type { RecordContext } from "../../model/record-context.ts";
import type { Submission } from "../../model/submission.ts";

/** What names an upload in a record's body. No stored file has a colon in its name. */
export const UPLOAD_PREFIX = "upload:";

/** Bytes from the start that are enough to know a file's type. */
const HEAD = 4_100;

/** A body in which uploads have their stored names, and the uploads by those names. */
export interface ResolvedUploads {
  readonly body: Submission["body"];
  readonly uploads: ReadonlyMap<string, Upload>;
}

export const NO_UPLOADS: ResolvedUploads["uploads"] = new Map();

export const takesUploads = ({ fields }: Collection): boolean =>
  fields.some((field) => field.type === "file" && field.resumable === true);

/**
 * Finds the uploads that a body names in resumable file fields. A name of no upload, or of another account's, stays: it names no
 * file, which is checked later.
 *
 * @throws ApiError 400 if an upload has not arrived completely
 */
export async function resolveArrived(
  context: RecordContext,
  collection: Collection,
  { body }: Submission,
  failure: string,
): Promise<ResolvedUploads> {
  const { uploads: pending } = context;
  const uploads = new Map<string, Upload>();
  const resolved: Record<string, unknown> = {};
  for (const field of collection.fields) {
    if (field.type !== "file" || !field.resumable || !pending) continue;
    for (const part of [field.name, `+${field.name}`, `${field.name}+`]) {
      const texts = toTexts(body[part]);
      if (!texts.some((text) => text.startsWith(UPLOAD_PREFIX))) continue;
      const names: string[] = [];
      for (const text of texts) {
        const found = findUpload(context, pending, collection, field, text);
        const upload = found && (await readUploaded(context, pending, field, found, failure));
        if (upload) uploads.set(upload.name, upload);
        names.push(upload?.name ?? text);
      }
      resolved[part] = Array.isArray(body[part]) ? names : names[0];
    }
  }
  return uploads.size === 0 ? { body, uploads } : { body: { ...body, ...resolved }, uploads };
}

function findUpload(
  { principal, now }: RecordContext,
  pending: PendingUploads,
  collection: Collection,
  field: FileField,
  text: string,
): PendingUpload | undefined {
  if (!text.startsWith(UPLOAD_PREFIX)) return undefined;
  const upload = pending.find(text.slice(UPLOAD_PREFIX.length), now);
  if (upload?.info.collection !== collection.id || upload.info.field !== field.name) return undefined;
  return mayUse(upload, principal) ? upload : undefined;
}

/** An upload is its account's. Who knows the id of a guest's may use it. */
export const mayUse = ({ info }: PendingUpload, principal: RecordContext["principal"]): boolean =>
  info.owner === "" || info.owner === principalKey(principal) || isSuperuser(principal);

async function readUploaded(
  context: RecordContext,
  pending: PendingUploads,
  field: FileField,
  upload: PendingUpload,
  failure: string,
): Promise<Upload> {
  const { info, path, offset } = upload;
  const arrived: ArrivedUpload = {
    claim: () => upload.claim(),
    release: () => upload.release(),
    attached: () => pending.remove(upload),
  };
  if (info.target === "bucket") return readFromBucket(context, field, upload, arrived, failure);
  if (!upload.isComplete) {
    throw unfinished(field, `The upload has ${offset} of its ${info.size} bytes.`, failure);
  }
  const file = new File([Bun.file(path)], info.name);
  noteSpooled(file, { path, size: info.size });
  return readArrived(file, await sniff(file), info.size, arrived);
}

async function readFromBucket(
  { files }: RecordContext,
  field: FileField,
  { info }: PendingUpload,
  arrived: ArrivedUpload,
  failure: string,
): Promise<Upload> {
  const key = bucketKeyOf(info.id);
  try {
    const found = await files.open(key);
    if (!found) throw unfinished(field, "The upload has not arrived in the bucket.", failure);
    if (found.size !== info.size) {
      throw unfinished(field, `The upload has ${found.size} bytes instead of ${info.size}.`, failure);
    }
    const head = await new Response(found.content(0, Math.min(HEAD, found.size))).blob();
    return readArrived(new File([], info.name), await sniff(head), found.size, {
      ...arrived,
      object: { key, etag: found.etag },
    });
  } catch (error) {
    throw error instanceof S3Error ? badRequest(failure, {}, error) : error;
  }
}

const unfinished = ({ name }: FileField, message: string, failure: string): Error =>
  badRequest(failure, { [name]: invalid("validation_unfinished_upload", message) });
