import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import type { Rule } from "../collections/model/rule.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { meetsRule } from "../records/rule-check/check-access.ts";
import { isSuperuser } from "../rules/principal.ts";
import type { Reader } from "../store/store.ts";

/** Does the record meet this rule for the principal? Superusers pass every rule. */
export async function passesRule(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  record: RecordValues,
  rule: Rule,
): Promise<boolean> {
  return isSuperuser(context.principal) || meetsRule(reader, { context, collection, rule, values: record });
}
