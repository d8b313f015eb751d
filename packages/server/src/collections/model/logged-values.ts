import type { JsonValue, RecordValues } from "@headwater/protocol";
import type { LoggedValues } from "../../log/log-entry.ts";
import type { Field } from "../fields/field.ts";
import type { Collection } from "./collection.ts";

/** The log never holds a password's hash, and of a token key only that it changed. */
export const isPassword = ({ type }: Field): boolean => type === "password";
export const isTokenKey = ({ name, system }: Field, { type }: Collection): boolean =>
  type === "auth" && system && name === "tokenKey";

/** Values of a record as the log holds them: by field id, since a field may be renamed. */
export function loggedValues(collection: Collection, values: RecordValues, fields = collection.fields): LoggedValues {
  const logged: Record<string, JsonValue> = {};
  for (const field of fields) {
    if (isPassword(field)) continue;
    logged[field.id] = isTokenKey(field, collection) ? null : (values[field.name] ?? null);
  }
  return logged;
}
