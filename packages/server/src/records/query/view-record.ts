import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { notFound } from "../../lib/api-error.ts";
import type { Reader } from "../../store/store.ts";
import type { RecordContext } from "../model/record-context.ts";
import { ruleFor, selectRecord } from "./select-records.ts";

/** @throws ApiError 403 if only superusers may view, 404 for a record that is missing or that the rule hides */
export async function viewRecord(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string,
): Promise<RecordValues> {
  const record = await selectRecord(reader, context, collection, ruleFor(context, collection.viewRule), id);
  if (!record) throw notFound();
  return record;
}
