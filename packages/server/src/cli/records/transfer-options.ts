import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { UserError } from "../../lib/user-error.ts";

/** @throws UserError for an unknown collection */
export function findCollection(schema: Schema, name: string): Collection {
  const collection = schema.find(name);
  if (!collection) throw new UserError(`There is no collection ${name}.`);
  return collection;
}

/** @throws UserError for more than one character */
export function readDelimiter(text: string): string {
  const delimiter = text === "tab" ? "\t" : text;
  if (delimiter.length === 1 && !/["\r\n]/.test(delimiter)) return delimiter;
  throw new UserError(`--delimiter must be one character, or tab, not "${text}".`);
}
