import type { JsonValue } from "@headwater/protocol";
import { NotJsonError, toJsonValue } from "../lib/json/to-json-value.ts";

/** Whatever the setting says: SQLite holds rows of a gigabyte at most, and a result is in its row twice. */
const ENGINE_MAX_BYTES = 256 << 20;

/** A value of a task that can't be stored. */
export class UnwritableError extends Error {
  override readonly name = "UnwritableError";
}

/**
 * A value as it is stored.
 *
 * @param what names the value in the error, such as `The result of the task "report"`
 * @param maxBytes of its JSON; 0 leaves the database's own limit
 * @throws UnwritableError if JSON can't hold it, or it is too large
 */
export function toStored(value: unknown, what: string, maxBytes: number): JsonValue {
  try {
    const json = value === undefined ? null : toJsonValue(value);
    assertSize(JSON.stringify(json), what, maxBytes);
    return json;
  } catch (error) {
    if (error instanceof NotJsonError) throw new UnwritableError(`${what} can't be written: ${error.message}`);
    throw error;
  }
}

/** @throws UnwritableError if the text is too large */
export function assertSize(text: string, what: string, maxBytes: number): void {
  const limit = maxBytes === 0 ? ENGINE_MAX_BYTES : Math.min(maxBytes, ENGINE_MAX_BYTES);
  // A character has one to three bytes.
  if (text.length <= limit / 3) return;
  const bytes = Buffer.byteLength(text);
  if (bytes > limit) throw new UnwritableError(`${what} has ${bytes} bytes; the limit is ${limit}.`);
}
