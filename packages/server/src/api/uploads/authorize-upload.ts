import type { Collection } from "../../collections/model/collection.ts";
import type { FileField } from "../../collections/fields/field.ts";
import { isMultiple } from "../../collections/fields/field.ts";
import { maxSizeOf } from "../../collections/fields/max-size.ts";
import { isStorableName, nameUpload, originalNameOf, type Upload } from "../../files/upload.ts";
import type { PendingUpload, UploadInfo } from "../../files/uploads/pending-upload.ts";
import type { ApiRequest } from "../../http/request.ts";
import { ApiError, badRequest, invalid, limited } from "../../lib/api-error.ts";
import type { JsonObject } from "../../lib/json/json-object.ts";
import { assertWritable } from "../../records/model/writable-collection.ts";
import { authorizeCreate, authorizeUpdate } from "../../records/write/authorize-write.ts";
import { fileSizeProblem } from "../../records/write/validate-files.ts";
import { principalKey } from "../../rules/principal.ts";
import type { ApiContext } from "../api-context.ts";
import { recordContext } from "../record-context.ts";

/** What a client says about a file before it sends it. */
export interface Announced {
  /** The field; "" for the only one that takes such uploads. */
  readonly field: string;
  readonly name: string;
  readonly size: number;
  /** The id of the record that will get the file; "" for a new one. */
  readonly record: string;
  /** What else the record's body will hold. */
  readonly body: JsonObject;
}

const FAILED = "Failed to begin the upload.";
const RETRY_SECONDS = 60;

/**
 * Whether the sender may store the file: the rule that decides is that of the record's create or update, and it decides before
 * any byte arrives.
 *
 * @throws ApiError as the create or update would throw, 400 for another field, 413 for a file that is too large
 */
export async function authorizeUpload(
  request: ApiRequest,
  api: ApiContext,
  collection: Collection,
  announced: Announced,
): Promise<FileField> {
  assertWritable(collection);
  const field = fieldOf(collection, announced.field);
  const file = { ...nameUpload(new File([], announced.name)), size: announced.size };
  if (!isStorableName(file.name))
    throw badRequest(FAILED, { name: invalid("validation_invalid_file", "Invalid name.") });
  const key = isMultiple(field) ? `${field.name}+` : field.name;
  const body = { ...announced.body, [key]: file.name };
  const uploads: ReadonlyMap<string, Upload> = new Map([[file.name, file]]);
  const context = recordContext(request, api, { body });
  const id = announced.record === "" ? undefined : announced.record;
  const submitted = { id, body, uploads, hashes: new Map<string, string>(), matchedHash: undefined };
  if (id === undefined) await authorizeCreate(api.store, context, collection, submitted);
  else await authorizeUpdate(api.store, context, collection, id, submitted);
  if (announced.size <= maxSizeOf(field)) return field;
  const problem = fileSizeProblem(originalNameOf(announced.name), maxSizeOf(field));
  throw new ApiError(413, FAILED, { [field.name]: problem });
}

function fieldOf(collection: Collection, name: string): FileField {
  const fields = collection.fields.filter(
    (field): field is FileField => field.type === "file" && field.resumable === true,
  );
  const found = name === "" && fields.length === 1 ? fields[0] : fields.find((field) => field.name === name);
  if (found) return found;
  const names = fields.map((field) => field.name).join(", ");
  const message =
    fields.length === 0
      ? 'No file field of this collection takes uploads before the record. Set its option "resumable".'
      : `Must be one of the resumable file fields: ${names}.`;
  throw badRequest(FAILED, { field: invalid("validation_invalid_field", message) });
}

/** @throws ApiError 429 beyond the account's limit, 503 beyond that of all */
export async function beginUpload(
  request: ApiRequest,
  { uploads, metrics, addressGroups }: ApiContext,
  file: Pick<UploadInfo, "collection" | "field" | "name" | "size" | "metadata" | "target">,
): Promise<PendingUpload> {
  const owner = principalKey(request.principal);
  const group = addressGroups.of(request.ip);
  const guest = group === undefined ? [] : [`address ${group}`];
  const created = await uploads.create({ ...file, owner, quotaKeys: owner === "" ? guest : [owner] });
  if (typeof created !== "string") return created;
  const problem =
    created === "total"
      ? invalid("limit_unfinished_bytes", "Too many uploads wait for their records (--max-unfinished-mb).")
      : invalid(
          "limit_unfinished_bytes_account",
          "Too many of your uploads wait for their records (--max-unfinished-mb-per-account).",
        );
  metrics.refused(problem.code);
  throw limited(created === "total" ? 503 : 429, { upload: problem }, RETRY_SECONDS);
}
