import type { RecordValues } from "@headwater/protocol";
import type { Collection, Rule } from "../collections/model/collection.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { canSee } from "../records/rule-check/check-access.ts";
import { isSuperuser } from "../rules/principal.ts";
import type { Reader } from "../store/store.ts";

/** May the principal, by this rule of its collection, do something with the record? */
export async function passesRule(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  record: RecordValues,
  rule: Rule,
): Promise<boolean> {
  return isSuperuser(context.principal) || canSee(reader, context, collection, rule, record, "trusted");
}
