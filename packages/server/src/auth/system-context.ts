import { type AuthCollection, SUPERUSERS } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import { blankRecord } from "../records/model/columns.ts";
import type { RecordContext, WriteContext } from "../records/model/record-context.ts";
import { principalOf } from "../rules/principal.ts";

/** A context that is allowed everything, for the command line: its user can write the data folder anyway. */
export function systemContext(context: WriteContext): RecordContext {
  const superusers = superusersOf(context.schema);
  const principal = principalOf(superusers, blankRecord(superusers));
  return { ...context, principal, context: "default", method: "POST", query: {}, headers: {}, body: {} };
}

/** @throws Error if the data folder lacks its system collections, which are created when it is first opened */
export function superusersOf(schema: Schema): AuthCollection {
  const collection = schema.find(SUPERUSERS);
  if (collection?.type !== "auth") throw new Error("the collection of superusers is missing");
  return collection;
}
