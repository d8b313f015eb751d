import type { ValidationError } from "@headwater/protocol";
import type { FileField } from "../../collections/fields/field.ts";
import { maxSizeOf } from "../../collections/fields/max-size.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { isAllowedType } from "../../files/mime-type.ts";
import type { Upload } from "../../files/upload.ts";
import { invalid } from "../../lib/api-error.ts";

const SHOWN_NAME = 250;
const SHOWN_ORIGINAL_NAME = 300;

/**
 * Validates the names in a file field and the files uploaded with them.
 *
 * @param stored the names that the record already has: any other name needs its file
 */
export function checkFiles(
  field: FileField,
  names: readonly string[],
  stored: readonly string[],
  uploads: ReadonlyMap<string, Upload>,
): ValidationError | undefined {
  const unknown = names.filter((name) => !stored.includes(name) && !uploads.has(name));
  if (unknown.length > 0) {
    const invalidFiles = unknown.map((name) => Buffer.from(name).subarray(0, SHOWN_NAME).toString());
    return invalid("validation_invalid_file", `Invalid new files: [${invalidFiles.join(" ")}].`, { invalidFiles });
  }
  const tooManyOrFew = kindOf(field).check(field, [...names]);
  if (tooManyOrFew) return tooManyOrFew;
  for (const name of names) {
    const upload = uploads.get(name);
    const problem = upload && checkUpload(field, upload);
    if (problem) return problem;
  }
  return undefined;
}

function checkUpload(field: FileField, upload: Upload): ValidationError | undefined {
  if (upload.size > maxSizeOf(field)) return fileSizeProblem(upload.originalName, maxSizeOf(field));
  const types = field.mimeTypes ?? [];
  if (types.length === 0 || isAllowedType(upload.contentType, types)) return undefined;
  const message = `${JSON.stringify(upload.name)} mime type must be one of: ${types.join(", ")}.`;
  return invalid("validation_invalid_mime_type", message);
}

/** A file is larger than its field allows. */
export function fileSizeProblem(originalName: string, maxSize: number): ValidationError {
  const file = cut(originalName, SHOWN_ORIGINAL_NAME);
  const message = `Failed to upload ${file} - the maximum allowed file size is ${maxSize} bytes.`;
  return invalid("validation_file_size_limit", message, { file, maxSize });
}

/** Cuts like PocketBase: by bytes, and with an ellipsis. */
const cut = (text: string, max: number): string =>
  Buffer.byteLength(text) <= max ? text : `${Buffer.from(text).subarray(0, max).toString()}...`;
