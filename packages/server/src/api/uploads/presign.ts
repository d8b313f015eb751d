import { z } from "zod";
import { bucketKeyOf } from "../../files/uploads/pending-uploads.ts";
import { collectionOf, NO_COLLECTION } from "../../http/guards.ts";
import type { ApiRequest } from "../../http/request.ts";
import { json } from "../../http/responses.ts";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { UPLOAD_PREFIX } from "../../records/write/files/arrived-uploads.ts";
import type { ApiContext } from "../api-context.ts";
import { authorizeUpload, beginUpload } from "./authorize-upload.ts";

const SENT = z.object({
  field: z.string().default(""),
  name: z.string().default("file"),
  size: z.int().min(0),
  type: z.string().default("application/octet-stream"),
  record: z.string().default(""),
  body: z.record(z.string(), z.unknown()).default({}),
});

const FAILED = "Failed to begin the upload.";
/** S3 takes no larger file in one request. */
const MAX_BYTES = 5 * 2 ** 30;
/** S3 signs for no longer. */
const MAX_SECONDS = 7 * 86_400;

/** A URL with which the client puts one file of that size and type into the bucket, for a record to name. */
export async function presign(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api, NO_COLLECTION);
  const sent = SENT.safeParse(await request.values());
  if (!sent.success) throw badRequest(FAILED, problemsOf(sent.error));
  const announced = sent.data;
  const { name: field } = await authorizeUpload(request, api, collection, announced);
  const { bucket } = api.files;
  if (!bucket) throw badRequest(FAILED, { storage: NEEDS_S3 });
  if (announced.size > MAX_BYTES) throw badRequest(FAILED, { size: TOO_LARGE });
  const { name, size, type } = announced;
  const info = { collection: collection.id, field, name, size, metadata: "", target: "bucket" } as const;
  const upload = await beginUpload(request, api, info);
  const headers = { "Content-Length": String(size), "Content-Type": type };
  const seconds = Math.min(MAX_SECONDS, api.uploads.keepMs / 1_000 || MAX_SECONDS);
  const url = await bucket.s3.presign({ method: "PUT", key: bucketKeyOf(upload.info.id), headers }, seconds);
  const expires = new Date(request.now.getTime() + seconds * 1_000);
  return json(request, {
    upload: UPLOAD_PREFIX + upload.info.id,
    url,
    method: "PUT",
    headers,
    expires: expires.toISOString(),
  });
}

const NEEDS_S3 = invalid(
  "upload_needs_s3",
  "Files are stored on the server's disk. Turn on S3 storage in the settings, or send a resumable upload to /uploads.",
);
const TOO_LARGE = invalid("validation_file_size_limit", "S3 takes at most 5 GiB at once. Send a resumable upload.");

const problemsOf = (error: z.ZodError) =>
  Object.fromEntries(
    error.issues.map(({ path: [name = "body"] }) => [
      String(name),
      invalid("validation_invalid_value", "Invalid value."),
    ]),
  );
