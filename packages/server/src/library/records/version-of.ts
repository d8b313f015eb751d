import { VERSION_KEY } from "@headwater/protocol";

/** The version of a record that was read with `withVersion`, for `ifMatch`; `undefined` for another record. */
export function versionOf(record: object): string | undefined {
  const version = Object.hasOwn(record, VERSION_KEY) ? (record as Record<string, unknown>)[VERSION_KEY] : undefined;
  return typeof version === "string" ? version : undefined;
}
