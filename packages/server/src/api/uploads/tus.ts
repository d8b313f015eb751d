import { ChecksumMismatch, type PendingUpload } from "../../files/uploads/pending-upload.ts";
import { collectionOf, NO_COLLECTION } from "../../http/guards.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { RouteHandler } from "../../http/route.ts";
import { ApiError, badRequest, notFound } from "../../lib/api-error.ts";
import { onUploaded } from "../../lib/collect-garbage.ts";
import { mayUse } from "../../records/write/files/arrived-uploads.ts";
import type { ApiContext } from "../api-context.ts";
import { authorizeUpload, beginUpload } from "./authorize-upload.ts";
import { byteCount, readChecksum, readMetadata, TUS_VERSION } from "./tus-headers.ts";

const OFFSET_STREAM = "application/offset+octet-stream";

/** Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload). */
const tus =
  (handler: RouteHandler<ApiContext>): RouteHandler<ApiContext> =>
  (request, api) => {
    if (request.raw.headers.get("tus-resumable") !== TUS_VERSION) {
      throw new ApiError(412, `The header Tus-Resumable must be ${TUS_VERSION}.`);
    }
    return handler(request, api);
  };

/** Begins an upload, and takes its first bytes if they are in the request. */
export const create = tus(async (request, api) => {
  const collection = collectionOf(request, api, NO_COLLECTION);
  const { headers } = request.raw;
  const metadata = headers.get("upload-metadata") ?? "";
  const announced = { ...readMetadata(metadata), size: byteCount(headers, "Upload-Length") };
  const { name: field } = await authorizeUpload(request, api, collection, announced);
  const { name, size } = announced;
  const upload = await beginUpload(request, api, {
    collection: collection.id,
    field,
    name,
    size,
    metadata,
    target: "disk",
  });
  if (headers.get("content-type") === OFFSET_STREAM) await receive(request, upload);
  return answer(api, upload, 201, {
    Location: `${request.url.pathname.replace(/\/$/, "")}/${upload.info.id}`,
    "Upload-Offset": String(upload.offset),
  });
});

/** How much has arrived. */
export const view = tus(async (request, api) => {
  const upload = findUpload(request, api);
  await upload.settle();
  const { size, metadata } = upload.info;
  return answer(api, upload, 200, {
    "Upload-Offset": String(upload.offset),
    "Upload-Length": String(size),
    ...(metadata !== "" && { "Upload-Metadata": metadata }),
    "Cache-Control": "no-store",
  });
});

/** Appends bytes. An earlier request that still does is ended: its connection is most likely dead. */
export const append = tus(async (request, api) => {
  const { headers } = request.raw;
  if (headers.get("content-type") !== OFFSET_STREAM)
    throw new ApiError(415, `The content type must be ${OFFSET_STREAM}.`);
  const offset = byteCount(headers, "Upload-Offset");
  const upload = findUpload(request, api);
  await upload.settle();
  if (offset !== upload.offset) {
    throw new ApiError(409, `The upload has ${upload.offset} bytes, not ${offset}.`);
  }
  await receive(request, upload);
  return answer(api, upload, 204, { "Upload-Offset": String(upload.offset) });
});

/** Ends an upload and forgets its bytes. */
export const remove = tus(async (request, api) => {
  const upload = findUpload(request, api);
  await upload.settle();
  if (!upload.claim()) throw new ApiError(409, "A record is about to name the upload.");
  await api.uploads.remove(upload);
  return new Response(null, { status: 204 });
});

/** For clients that can send neither PATCH nor DELETE. */
export const override: RouteHandler<ApiContext> = (request, api) => {
  const method = request.raw.headers.get("x-http-method-override");
  if (method === "PATCH") return append(request, api);
  if (method === "DELETE") return remove(request, api);
  throw notFound();
};

/** The account that began it, or who knows the id of a guest's. @throws ApiError 404 for all others */
function findUpload(request: ApiRequest, api: ApiContext): PendingUpload {
  const { id: collection } = collectionOf(request, api, NO_COLLECTION);
  const upload = api.uploads.find(request.params["id"] ?? "", request.now);
  const isHere = upload?.info.collection === collection && upload.info.target === "disk";
  if (!isHere || !mayUse(upload, request.principal)) throw notFound();
  return upload;
}

/** @throws ApiError 413 for more bytes than were announced, 460 for bytes that don't match their checksum */
async function receive(request: ApiRequest, upload: PendingUpload): Promise<void> {
  const checksum = readChecksum(request.raw.headers.get("upload-checksum"));
  const ended = new ApiError(409, "Another request goes on with the upload.");
  const bytes = counted(request.chunks(upload.info.size - upload.offset));
  await upload
    .append(bytes, () => request.cut(ended), checksum)
    .catch((error: unknown) => {
      if (error instanceof ChecksumMismatch) throw new ApiError(460, "The bytes don't match their checksum.");
      // Their sender is gone.
      throw error instanceof DOMException ? badRequest("The request was cut.", {}, error) : error;
    });
}

async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onUploaded(chunk.byteLength);
    yield chunk;
  }
}

function answer(
  { uploads }: ApiContext,
  upload: PendingUpload,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  const expires = uploads.expiresAt(upload);
  const body = status === 204 ? null : "";
  return new Response(body, {
    status,
    headers: { ...headers, ...(expires && { "Upload-Expires": expires.toUTCString() }) },
  });
}
