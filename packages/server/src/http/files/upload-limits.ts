import type { Collection } from "../../collections/model/collection.ts";
import type { Field, FileField } from "../../collections/fields/field.ts";
import { maxSizeOf } from "../../collections/fields/max-size.ts";
import { originalNameOf } from "../../files/upload.ts";
import { badRequest } from "../../lib/api-error.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import { ruleFor } from "../../records/query/select-records.ts";
import { CREATE_FAILED } from "../../records/write/create-record.ts";
import { UPDATE_FAILED } from "../../records/write/update-record.ts";
import { fileSizeProblem } from "../../records/write/validate-files.ts";
import { DEFAULT_BODY_LIMIT } from "../body/body-bytes.ts";
import { FileLimitError } from "../body/multipart.ts";

/** How many bytes a record's body may have: PocketBase's default, plus the limits of the collection's large fields. */
export const recordBodyLimit = ({ fields }: Collection): number =>
  fields.reduce((sum, field) => sum + maxBytes(field), DEFAULT_BODY_LIMIT);

function maxBytes(field: Field): number {
  if (field.type === "file") return maxSizeOf(field) * Math.max(1, field.maxSelect);
  return field.type === "editor" || field.type === "json" ? maxSizeOf(field) : 0;
}

/** How many bytes a file of a form's part may have. A file that no field takes is limited by the body alone. */
export const fileLimits =
  ({ fields }: Collection) =>
  (part: string): number => {
    const name = fieldNameOf(part);
    const field = fields.find(
      (candidate): candidate is FileField => candidate.type === "file" && candidate.name === name,
    );
    return field ? maxSizeOf(field) : Infinity;
  };

/**
 * What the client reads when a file ended its body: the error of its field. Whatever else is wrong is not known yet.
 *
 * @param error any other error is returned as it is
 * @throws ApiError 403 if only superusers may write the record
 */
export function largeFileError(
  error: unknown,
  context: RecordContext,
  { createRule, updateRule }: Collection,
  isNew: boolean,
): unknown {
  if (!(error instanceof FileLimitError)) return error;
  ruleFor(context, isNew ? createRule : updateRule);
  const problem = fileSizeProblem(originalNameOf(error.fileName), error.maxBytes);
  return badRequest(isNew ? CREATE_FAILED : UPDATE_FAILED, { [fieldNameOf(error.part)]: problem });
}

/** Parts may have the modifiers `+field` and `field+`. */
const fieldNameOf = (part: string): string => part.replace(/^\+|\+$/, "");
