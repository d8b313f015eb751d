import type { RecordValues } from "@headwater/protocol";
import type { Rule } from "../../collections/model/rule.ts";
import type { Collection } from "../../collections/model/collection.ts";
import type { Trust } from "../../rules/resolve/record-scope.ts";
import { resolvePredicate } from "../../rules/analysis/resolve-rule.ts";
import type { Reader } from "../../store/store.ts";
import { candidateQuery } from "./candidate-query.ts";
import type { RecordContext } from "../model/record-context.ts";
import { recordScope } from "../model/record-scope.ts";
import { undefinedIfUnreadable } from "../query/unreadable-rule.ts";

/** A rule to evaluate on one record for one requester. */
export interface RuleCheck {
  readonly context: RecordContext;
  readonly collection: Collection;
  /** `null` and an unreadable rule match no record, "" matches every one. */
  readonly rule: Rule;
  readonly values: RecordValues;
  /** `client` for a filter that a client sent; `trusted` by default. */
  readonly trust?: Trust;
}

/**
 * Does a record with these values meet the rule? The values count, not what is stored: the record may not be written yet,
 * may have changed since, or may be deleted. Queries the database only if the rule needs it; related records are read as
 * they are stored now.
 */
export async function meetsRule(
  reader: Reader,
  { context, collection, rule, values, trust = "trusted" }: RuleCheck,
): Promise<boolean> {
  if (rule === null || rule === "") return rule === "";
  const met = await undefinedIfUnreadable(async () => {
    const scope = recordScope(context, collection, trust);
    const result = resolvePredicate(rule, scope)?.(values, context, context.now);
    if (result !== undefined) return result;
    const statement = candidateQuery({ rule, scope, context, now: context.now }, { values, typing: "stored" });
    return (await reader.first(statement)) !== undefined;
  });
  return met === true;
}

/** Like `meetsRule`, for a record that is about to be created: always by the database, and without column types. */
export async function newRecordMeetsRule(
  reader: Reader,
  { context, collection, rule, values }: Omit<RuleCheck, "trust">,
): Promise<boolean> {
  if (rule === null || rule === "") return rule === "";
  const found = await undefinedIfUnreadable(async () => {
    const scope = recordScope(context, collection, "trusted", true);
    return reader.first(candidateQuery({ rule, scope, context, now: context.now }, { values, typing: "bound" }));
  });
  return found !== undefined;
}
