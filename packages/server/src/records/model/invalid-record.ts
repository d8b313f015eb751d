import type { ErrorData } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { isOutage, StoreError } from "../../store/store.ts";

/** A record's values failed validation. Each operation answers with its own message, see `withErrorMessage`. */
export class InvalidRecord extends Error {
  override readonly name = "InvalidRecord";

  constructor(readonly data: ErrorData) {
    super("the record's values are invalid");
  }
}

/** @throws InvalidRecord if there are errors */
export function throwIfInvalid(errors: ErrorData | undefined): void {
  if (errors !== undefined) throw new InvalidRecord(errors);
}

/**
 * Runs a write of a record.
 *
 * @throws ApiError 400 with this message, and the errors by field, if the record's values can't be written
 */
export async function withErrorMessage<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidRecord) throw badRequest(message, error.data, error);
    if (isOutage(error)) throw error;
    if (error instanceof StoreError) throw badRequest(message, {}, error);
    throw error;
  }
}

const NOT_UNIQUE = invalid("validation_not_unique", "Value must be unique.");

/**
 * The error of a unique index as an `InvalidRecord` with its fields. Any other error stays as it is, and so does that of
 * an index on expressions.
 */
export function toUniqueError(error: unknown, collection: Collection): unknown {
  if (!(error instanceof StoreError) || error.kind !== "unique") return error;
  const columns = new Set(error.columns.map((column) => column.toLowerCase()));
  const fields = collection.fields.filter(({ name }) => columns.has(`${collection.name}.${name}`.toLowerCase()));
  if (fields.length === 0) return error;
  return new InvalidRecord(Object.fromEntries(fields.map(({ name }) => [name, NOT_UNIQUE])));
}
