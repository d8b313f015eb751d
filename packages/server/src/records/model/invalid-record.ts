import type { ErrorData } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { StoreError } from "../../store/store.ts";

/** A record was refused for its values. Each door tells it in words of its own, see `failAs`. */
export class InvalidRecord extends Error {
  override readonly name = "InvalidRecord";

  constructor(readonly data: ErrorData) {
    super("the record's values were refused");
  }
}

/** @throws InvalidRecord unless there is nothing wrong */
export function refuse(data: ErrorData | undefined): void {
  if (data !== undefined) throw new InvalidRecord(data);
}

/** Does the work; where it fails for the record's sake, fails with this message and what is wrong by field. */
export async function failAs<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidRecord) throw badRequest(message, error.data, error);
    if (error instanceof StoreError && OUR_STATE.has(error.kind)) throw error;
    if (error instanceof StoreError) throw badRequest(message, {}, error);
    throw error;
  }
}

/** Not the client's fault. */
const OUR_STATE: ReadonlySet<StoreError["kind"]> = new Set(["busy", "full", "closed"]);

const NOT_UNIQUE = invalid("validation_not_unique", "Value must be unique.");

/** A hit of a unique index, told by field; any other error stays as it is, and so do indexes on expressions. */
export function uniqueProblem(error: unknown, collection: Collection): unknown {
  if (!(error instanceof StoreError) || error.kind !== "unique") return error;
  const hit = new Set(error.columns.map((column) => column.toLowerCase()));
  const fields = collection.fields.filter(({ name }) => hit.has(`${collection.name}.${name}`.toLowerCase()));
  if (fields.length === 0) return error;
  return new InvalidRecord(Object.fromEntries(fields.map(({ name }) => [name, NOT_UNIQUE])));
}
